import { and, eq, isNull, sql } from 'drizzle-orm'
import { maskPhoneNumber } from '../core/masking.ts'
import { orders } from '../orders/schema.ts'
import { WALLET_REFUSED } from '../orders/submission.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement, type } from '../postgres/statement.ts'
import { isPermitted } from '../wallets/permitted.ts'
import { batches, batchRows } from './schema.ts'

const selectForeign = statement(
  'find_foreign_wallets_of_batch',
  { batchId: batches.id, limit: type.integer },
  (db, { batchId }) => {
    const { phoneNumber, partner } = batchRows
    return db
      .select({
        rowNumber: batchRows.rowNumber,
        lineNumber: batchRows.lineNumber,
        phoneNumber,
        badRows: sql<number>`count(*) over ()::int`,
      })
      .from(batchRows)
      .leftJoin(orders, and(eq(orders.partner, partner), eq(orders.reference, batchRows.reference)))
      .where(
        and(
          eq(batchRows.batchId, batchId),
          sql`not ${isPermitted(sql`${phoneNumber}`, sql`${partner}`)}`,
          isNull(orders.id),
        ),
      )
      .orderBy(batchRows.rowNumber)
      .limit(sql.placeholder('limit'))
  },
)

/**
 * Rows of a batch whose wallets are not their partners'. Rows that are orders already do not count, so that a file may be
 * sent again. @returns how many there are, and the first of them as problems
 */
export async function findForeignWallets(runner: StatementRunner, batchId: number, limit: number) {
  const rows = await selectForeign(runner, { batchId, limit })
  return {
    badRows: rows[0]?.badRows ?? 0,
    problems: rows.map(({ rowNumber, lineNumber, phoneNumber }) => ({
      rowNumber,
      lineNumber,
      column: 'phone_number',
      maskedValue: maskPhoneNumber(phoneNumber),
      expected: WALLET_REFUSED,
    })),
  }
}
