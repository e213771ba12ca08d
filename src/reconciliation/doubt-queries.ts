import { asc, sql } from 'drizzle-orm'
import type { OrderKind } from '../orders/command.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement, type } from '../postgres/statement.ts'
import type { StayReason } from './enums.ts'
import { ordersInDoubt } from './views-schema.ts'

/** An order whose outcome nobody knows. */
export interface DoubtRow {
  readonly orderId: string
  readonly partner: string
  readonly reference: string
  readonly kind: OrderKind
  readonly rupiahAtRisk: string
  readonly gramsAtRisk: string
  readonly intentAt: Date
  /** Why the last run left it in doubt; null: no run has looked at it. */
  readonly staysBecause: StayReason | null
  readonly proposedBy: string | null
}

const selectDoubts = statement('list_doubts', { limit: type.integer }, (db) =>
  db
    .select({
      orderId: ordersInDoubt.orderId,
      partner: ordersInDoubt.partner,
      reference: ordersInDoubt.reference,
      kind: ordersInDoubt.kind,
      rupiahAtRisk: sql<string>`${ordersInDoubt.rupiahAtRisk}::text`,
      gramsAtRisk: sql<string>`${ordersInDoubt.gramsAtRisk}::text`,
      intentAt: ordersInDoubt.intentAt,
      staysBecause: ordersInDoubt.staysBecause,
      proposedBy: ordersInDoubt.proposedBy,
    })
    .from(ordersInDoubt)
    .orderBy(asc(ordersInDoubt.intentAt), asc(ordersInDoubt.orderId))
    .limit(sql.placeholder('limit')),
)

/** Orders in doubt, the oldest first. */
export async function listDoubts(runner: StatementRunner, limit: number): Promise<DoubtRow[]> {
  return await selectDoubts(runner, { limit })
}
