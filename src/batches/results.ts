import { stringify } from 'csv-stringify/sync'
import type { Session } from '../postgres/session.ts'
import { ACCOUNTING_COLUMNS, type AccountedRow, accountingRowOf } from './accounting-results.ts'

/**
 * The columns of a batch's results, which have one line per row in the order of the file. New columns may be added at the
 * end. There is no phone number: the partner's own reference identifies the row.
 */
export const RESULT_COLUMNS = [
  'row',
  'line',
  'partner',
  'reference',
  'kind',
  'outcome',
  'reason',
  'order_id',
  'session_id',
  'request_id',
  'response_id',
  'gold_weight',
  'amount',
  'fee',
  'settled_at',
] as const

const PAGE = 2_000

// A cursor is planned once. Without statistics, each page of a paged query could sort all rows again.
const OPEN_RESULTS = {
  name: 'open_batch_results',
  text: `
    DECLARE batch_results NO SCROLL CURSOR FOR
    SELECT row_number AS row, line_number AS line, partner, reference, kind, outcome, reason, order_id::text, session_id,
      request_id, response_id, gold_weight::text, amount::text, fee::text, settled_at
    FROM ops.batch_rows WHERE batch_id = $1 ORDER BY row_number`,
}

const NEXT_PAGE = { name: 'next_batch_results', text: `FETCH ${PAGE} FROM batch_results` }

const SNAPSHOT = { name: 'read_snapshot', text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' }

type ResultRow = AccountedRow & Record<(typeof RESULT_COLUMNS)[number], string | number | Date | null>

/** How results are written: as they are, or for bookkeeping. */
export const RESULT_FORMATS = ['results', 'accounting'] as const
export type ResultFormat = (typeof RESULT_FORMATS)[number]

const COLUMNS: Readonly<Record<ResultFormat, readonly string[]>> = {
  results: RESULT_COLUMNS,
  accounting: ACCOUNTING_COLUMNS,
}

/** Writes the results as CSV page by page, from one snapshot. @returns the number of rows */
export async function writeResults(
  session: Session,
  batchId: number,
  write: (text: string) => Promise<void>,
  format: ResultFormat = 'results',
): Promise<number> {
  const columns = COLUMNS[format]
  return await session.transaction(async () => {
    await session.run(SNAPSHOT)
    await write(toCsv([Object.fromEntries(columns.map((name) => [name, name]))], columns))
    await session.run(OPEN_RESULTS, [batchId])
    for (let count = 0; ; ) {
      const rows = await session.run<ResultRow>(NEXT_PAGE)
      const lines = format === 'accounting' ? rows.map(accountingRowOf) : rows
      if (rows.length > 0) await write(toCsv(lines, columns))
      count += rows.length
      if (rows.length < PAGE) return count
    }
  })
}

/** Puts a quote in front of a text that a spreadsheet would run as a formula. */
function toCsv(rows: readonly object[], columns: readonly string[]): string {
  return stringify([...rows], {
    columns: [...columns],
    escape_formulas: true,
    cast: { date: (value) => value.toISOString() },
  })
}
