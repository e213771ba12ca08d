import { and, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { GoldWeight, Rupiah } from '../../core/money.ts'
import type { Database } from '../../postgres/pool.ts'
import { list, rows, statement, type } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import type { OrderState } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'
import type { OrderContent } from '../submission.ts'

/** An order as its partner may read it. Every query names the partner, so another's order is not found. */
export interface PartnerOrder {
  readonly orderId: string
  readonly reference: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly content: OrderContent
  readonly state: OrderState
  readonly reason: string
  readonly attempts: number
  readonly requestId: string | null
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly goldWeight: GoldWeight | null
  readonly amount: Rupiah | null
  readonly fee: Rupiah | null
  readonly acceptedAt: Date
  readonly deadlineAt: Date
  readonly settledAt: Date | null
}

const executed = alias(attempts, 'executed')
const wasExecuted = and(eq(executed.orderId, orders.id), sql`${executed.outcome} = 'succeeded'`)

const PARTNER_ORDER = {
  orderId: orders.id,
  reference: orders.reference,
  kind: orders.kind,
  phoneNumber: orders.phoneNumber,
  content: orders.content,
  state: orders.state,
  reason: orders.reason,
  attempts: sql<number>`(select count(*)::int from ${attempts} where ${attempts.orderId} = ${orders.id})`,
  requestId: executed.requestId,
  responseId: executed.responseId,
  sessionId: executed.sessionId,
  goldWeight: executed.goldWeight,
  amount: executed.amount,
  fee: executed.fee,
  acceptedAt: orders.acceptedAt,
  deadlineAt: orders.deadlineAt,
  settledAt: orders.settledAt,
}

const selectByIds = statement(
  'find_own_orders',
  { wanted: rows({ position: type.integer, partner: orders.partner, id: orders.id }) },
  (db, { wanted }) =>
    db
      .select({ position: wanted.position, ...PARTNER_ORDER })
      .from(wanted)
      .innerJoin(orders, and(eq(orders.id, wanted.id), eq(orders.partner, wanted.partner)))
      .leftJoin(executed, wasExecuted),
)

/** Orders by id, each of its partner; null where that partner has none of this id. */
export async function findPartnerOrders(
  database: Database,
  owns: readonly { readonly partner: string; readonly orderId: string }[],
): Promise<(PartnerOrder | null)[]> {
  const wanted = owns.map(({ partner, orderId }, position) => ({ position, partner, id: orderId }))
  const found = await selectByIds(database, { wanted })
  const byPosition = new Map(found.map(({ position, ...order }) => [position, order]))
  return owns.map((_own, position) => byPosition.get(position) ?? null)
}

const selectEnded = statement('find_ended_orders', { orderIds: list(orders.id) }, (db, { orderIds }) =>
  db
    .select({ orderId: orders.id })
    .from(orders)
    .where(
      and(
        sql`${orders.id} = any(${orderIds})`,
        sql`${orders.state} in ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')`,
      ),
    ),
)

/** Those of these orders that ended or are in doubt. */
export async function findEnded(database: Database, orderIds: readonly string[]): Promise<string[]> {
  const ended = await selectEnded(database, { orderIds })
  return ended.map(({ orderId }) => orderId)
}
