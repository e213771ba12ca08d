import { and, eq, isNull, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import { DEADLINE_PASSED } from '../orders/submission.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { present, statement, type } from '../postgres/statement.ts'
import { batches, batchRows } from './schema.ts'

const selectOverdue = statement(
  'find_overdue_batch_rows',
  { batchId: batches.id, limit: type.integer },
  (db, { batchId }) =>
    db
      .select({
        rowNumber: batchRows.rowNumber,
        lineNumber: batchRows.lineNumber,
        deadlineAt: present(batchRows.deadlineAt),
        badRows: sql<number>`count(*) over ()::int`,
      })
      .from(batchRows)
      .leftJoin(orders, and(eq(orders.partner, batchRows.partner), eq(orders.reference, batchRows.reference)))
      .where(
        and(
          eq(batchRows.batchId, batchId),
          sql`${batchRows.deadlineAt} <= clock_timestamp()`,
          isNull(orders.id),
        ),
      )
      .orderBy(batchRows.rowNumber)
      .limit(sql.placeholder('limit')),
)

/**
 * Rows of a batch whose deadline has passed by the database's clock. Rows that are orders already do not count, so that
 * a file may be sent again. @returns how many there are, and the first of them as problems
 */
export async function findOverdueRows(runner: StatementRunner, batchId: number, limit: number) {
  const rows = await selectOverdue(runner, { batchId, limit })
  return {
    badRows: rows[0]?.badRows ?? 0,
    problems: rows.map(({ rowNumber, lineNumber, deadlineAt }) => ({
      rowNumber,
      lineNumber,
      column: 'deadline',
      maskedValue: deadlineAt.toISOString(),
      expected: DEADLINE_PASSED,
    })),
  }
}
