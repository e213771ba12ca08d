import { and, eq, sql } from 'drizzle-orm'
import { maskPhoneNumber } from '../core/masking.ts'
import { attempts, orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import { statementLines } from './statements/schema.ts'

/** One field of a break, as our order has it and as the statement's line has it. Wallets are masked. */
export interface BreakField {
  readonly field: 'kind' | 'wallet' | 'gold_weight' | 'amount' | 'fee' | 'session_id' | 'response_id' | 'time'
  readonly ours: string | null
  readonly theirs: string | null
  readonly differs: boolean
}

const selectSides = statement('read_break_sides', { breakId: breaks.id }, (db, { breakId }) =>
  db
    .select({
      ourKind: orders.kind,
      ourWallet: orders.phoneNumber,
      ourWeight: sql<string | null>`coalesce(${attempts.goldWeight}, ${attempts.quotedGoldWeight})::text`,
      ourAmount: sql<string | null>`coalesce(${attempts.amount}, ${attempts.quotedAmount})::text`,
      ourFee: sql<string | null>`coalesce(${attempts.fee}, ${attempts.quotedFee})::text`,
      ourSession: attempts.sessionId,
      ourResponse: attempts.responseId,
      ourTime: attempts.intentAt,
      theirKind: statementLines.kind,
      theirWallet: statementLines.phoneNumber,
      theirWeight: sql<string | null>`${statementLines.goldWeight}::text`,
      theirAmount: sql<string | null>`${statementLines.amount}::text`,
      theirFee: sql<string | null>`${statementLines.fee}::text`,
      theirSession: statementLines.sessionId,
      theirResponse: statementLines.responseId,
      theirTime: statementLines.executedAt,
    })
    .from(breaks)
    .leftJoin(orders, eq(orders.id, breaks.orderId))
    .leftJoin(
      attempts,
      and(
        eq(attempts.orderId, orders.id),
        sql`${attempts.seq} = (select max(a.seq) from ${attempts} a where a.order_id = ${orders.id})`,
      ),
    )
    .leftJoin(
      statementLines,
      and(
        eq(statementLines.statementId, breaks.statementId),
        eq(statementLines.lineNumber, breaks.lineNumber),
      ),
    )
    .where(eq(breaks.id, breakId)),
)

/** Both sides of a break, field by field. A side that is not there has nulls. */
export async function readBreakSides(runner: StatementRunner, breakId: number): Promise<BreakField[]> {
  const [row] = await selectSides(runner, { breakId })
  if (row === undefined) return []
  const wallet = (number: string | null) => (number === null ? null : maskPhoneNumber(number))
  const time = (moment: Date | null) => moment?.toISOString() ?? null
  const fields = [
    ['kind', row.ourKind, row.theirKind, true],
    ['wallet', row.ourWallet, row.theirWallet, true],
    ['gold_weight', row.ourWeight, row.theirWeight, true],
    ['amount', row.ourAmount, row.theirAmount, true],
    ['fee', row.ourFee, row.theirFee, true],
    ['session_id', row.ourSession, row.theirSession, true],
    ['response_id', row.ourResponse, row.theirResponse, true],
    ['time', time(row.ourTime), time(row.theirTime), false],
  ] as const
  return fields.map(([field, ours, theirs, isCompared]) => ({
    field,
    ours: field === 'wallet' ? wallet(ours) : ours,
    theirs: field === 'wallet' ? wallet(theirs) : theirs,
    differs: isCompared && ours !== null && theirs !== null && ours !== theirs,
  }))
}
