import { and, countDistinct, eq, isNull, lt, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Session } from '../../postgres/session.ts'
import { list, type Queries, statement } from '../../postgres/statement.ts'
import { statementLines, statementRepeats, statements } from './schema.ts'

/** Finds the lines of a statement that earlier statements of its source have too, so that they count once. */

const earlier = alias(statements, 'earlier')

const selectOverlapping = statement(
  'find_overlapping_statements',
  { statementId: statements.id },
  (db, { statementId }) =>
    db
      .select({ statementId: earlier.id })
      .from(earlier)
      .innerJoin(statements, eq(statements.id, statementId))
      .where(
        and(
          eq(earlier.source, statements.source),
          lt(earlier.id, statements.id),
          isNull(earlier.replacedAt),
          sql`tstzrange(${earlier.periodFrom}, ${earlier.periodTo}) && tstzrange(${statements.periodFrom}, ${statements.periodTo})`,
        ),
      ),
)

const { sessionId, responseId, requestId, kind, phoneNumber, goldWeight, amount, fee, executedAt } =
  statementLines

/** The columns that are equal in two lines of one transaction. */
const COMPARED = { sessionId, responseId, requestId, kind, phoneNumber, goldWeight, amount, fee, executedAt }

const compared = (lines: Readonly<Record<keyof typeof COMPARED, SQLWrapper>>) =>
  sql.join(
    (Object.keys(COMPARED) as (keyof typeof COMPARED)[]).map((name) => sql`${lines[name]}`),
    sql`, `,
  )

// Two sells within the same second look alike: the first of one file is the first of the other, and so on.
const numberedLines = <Name extends string>(db: Queries, name: Name, where: SQL) =>
  db.$with(name).as(
    db
      .select({
        statementId: statementLines.statementId,
        lineNumber: statementLines.lineNumber,
        ...COMPARED,
        nth: sql`row_number() over (partition by ${statementLines.statementId}, ${compared(statementLines)} order by ${statementLines.lineNumber})`.as(
          `${name}_nth`,
        ),
      })
      .from(statementLines)
      .where(where),
  )

const insertRepeats = statement(
  'keep_repeated_lines',
  { statementId: statements.id, overlapping: list(statements.id) },
  (db, { statementId, overlapping }) => {
    const line = numberedLines(db, 'line', sql`${statementLines.statementId} = ${statementId}`)
    const other = numberedLines(db, 'other', sql`${statementLines.statementId} = any (${overlapping})`)
    return db
      .with(line, other)
      .insert(statementRepeats)
      .select(
        db
          .select({
            statementId: line.statementId,
            lineNumber: line.lineNumber,
            ofStatementId: other.statementId,
            ofLineNumber: other.lineNumber,
          })
          .from(line)
          .innerJoin(
            other,
            and(
              sql`${other.nth} = ${line.nth}`,
              eq(other.executedAt, line.executedAt),
              eq(other.phoneNumber, line.phoneNumber),
              sql`(${compared(line)}) is not distinct from (${compared(other)})`,
            ),
          ),
      )
  },
)

const countRepeats = statement(
  'count_repeated_lines',
  { statementId: statements.id },
  (db, { statementId }) =>
    db
      .select({ count: countDistinct(statementRepeats.lineNumber) })
      .from(statementRepeats)
      .where(eq(statementRepeats.statementId, statementId)),
)

/** Stores which lines of a statement equal a line of an earlier one. @returns how many lines */
export async function insertRepeatedLines(session: Session, statementId: number): Promise<number> {
  const overlapping = await selectOverlapping(session, { statementId })
  if (overlapping.length === 0) return 0
  await insertRepeats(session, { statementId, overlapping: overlapping.map((each) => each.statementId) })
  const [row] = await countRepeats(session, { statementId })
  return row?.count ?? 0
}
