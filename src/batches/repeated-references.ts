import { type StatementRunner, StorageError } from '../postgres/pool.ts'
import { maskedValue } from './file/columns.ts'
import { type RowProblem, repeatedReference } from './file/read-row.ts'

/**
 * References that stand twice in a file, found by the unique constraint of a draft's rows. Until the end of a COPY the
 * constraint only notes them, so that the rows can be named.
 */
const DEFER = { name: 'defer_reference_check', text: 'SET CONSTRAINTS batch_rows_reference DEFERRED' }
const CHECK = { name: 'check_references', text: 'SET CONSTRAINTS batch_rows_reference IMMEDIATE' }
const SAVEPOINT = { name: 'before_reference_check', text: 'SAVEPOINT before_reference_check' }
const ROLLBACK_TO_SAVEPOINT = {
  name: 'back_to_reference_check',
  text: 'ROLLBACK TO SAVEPOINT before_reference_check',
}

/** Lets references stand twice until {@link hasRepeats}, or until COMMIT, which then fails. */
export async function deferUniqueness(runner: StatementRunner): Promise<void> {
  await runner.run(DEFER, [])
}

/** Whether the rows added in this transaction have a reference twice. */
export async function hasRepeats(runner: StatementRunner): Promise<boolean> {
  await runner.run(SAVEPOINT, [])
  try {
    await runner.run(CHECK, [])
    return false
  } catch (error) {
    if (!(error instanceof StorageError && error.constraint === 'batch_rows_reference')) throw error
    await runner.run(ROLLBACK_TO_SAVEPOINT, [])
    return true
  }
}

const CREATE_REFERENCES = {
  name: 'create_later_references',
  text: `CREATE TEMP TABLE later_references (row_number integer NOT NULL, line_number integer NOT NULL,
    partner text NOT NULL, reference text NOT NULL, is_bad boolean NOT NULL) ON COMMIT DROP`,
}

/** Creates the table of the references of rows that are not stored. */
export async function createReferences(runner: StatementRunner): Promise<void> {
  await runner.run(CREATE_REFERENCES, [])
}

const FIND_REPEATS = {
  name: 'find_repeated_references',
  text: `WITH given AS (
      SELECT row_number, line_number, partner, reference, false AS is_bad FROM batch_rows WHERE batch_id = $1
      UNION ALL SELECT row_number, line_number, partner, reference, is_bad FROM later_references
    ), placed AS (
      SELECT *, first_value(line_number) OVER same AS first_line, row_number() OVER same AS place
      FROM given WINDOW same AS (PARTITION BY partner, reference ORDER BY row_number)
    )
    SELECT row_number AS "rowNumber", line_number AS "lineNumber", reference, first_line AS "firstLine",
      (count(*) FILTER (WHERE NOT is_bad) OVER ())::int AS "otherwiseGood"
    FROM placed WHERE place > 1 ORDER BY row_number LIMIT $2`,
}

interface Repeat {
  readonly rowNumber: number
  readonly lineNumber: number
  readonly reference: string
  readonly firstLine: number
  readonly otherwiseGood: number
}

/** The first rows whose reference an earlier row has, and how many such rows are bad for no other reason. */
export async function findRepeats(
  runner: StatementRunner,
  batchId: number,
  limit: number,
): Promise<{ otherwiseGood: number; rows: (RowProblem & { rowNumber: number })[] }> {
  const repeats = await runner.run<Repeat>(FIND_REPEATS, [batchId, limit])
  return {
    otherwiseGood: repeats[0]?.otherwiseGood ?? 0,
    rows: repeats.map(({ rowNumber, lineNumber, reference, firstLine }) => ({
      rowNumber,
      lineNumber,
      column: 'reference',
      maskedValue: maskedValue('reference', reference),
      expected: repeatedReference(firstLine),
    })),
  }
}
