import { asc, eq, isNull, or } from 'drizzle-orm'
import type { GoldWeight, Rupiah } from '../../core/money.ts'
import type { Database } from '../../postgres/pool.ts'
import { nullable, statement } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import type { AttemptOutcome, OrderState } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'

/** An order with its attempts, with exact amounts: what is compared with the gateway's ledger. */
export interface OrderWithAttempts {
  readonly orderId: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly state: OrderState
  readonly reason: string
  readonly attempts: readonly {
    readonly quoteId: string
    readonly outcome: AttemptOutcome
    readonly intentAt: Date
    readonly responseId: string | null
    readonly sessionId: string | null
    readonly goldWeight: GoldWeight | null
    readonly amount: Rupiah | null
    readonly fee: Rupiah | null
    readonly message: string | null
    readonly quotedGoldWeight: GoldWeight | null
    readonly quotedAmount: Rupiah | null
  }[]
}

const selectOrders = statement(
  'read_orders_with_attempts',
  { partner: nullable(orders.partner) },
  (db, { partner }) =>
    db
      .select({
        order: {
          orderId: orders.id,
          kind: orders.kind,
          phoneNumber: orders.phoneNumber,
          state: orders.state,
          reason: orders.reason,
        },
        attempt: {
          quoteId: attempts.quoteId,
          outcome: attempts.outcome,
          intentAt: attempts.intentAt,
          responseId: attempts.responseId,
          sessionId: attempts.sessionId,
          goldWeight: attempts.goldWeight,
          amount: attempts.amount,
          fee: attempts.fee,
          message: attempts.gatewayMessage,
          quotedGoldWeight: attempts.quotedGoldWeight,
          quotedAmount: attempts.quotedAmount,
        },
      })
      .from(orders)
      .leftJoin(attempts, eq(attempts.orderId, orders.id))
      .where(or(isNull(partner), eq(orders.partner, partner)))
      .orderBy(asc(orders.id), asc(attempts.seq)),
)

/** Reads every order, or a partner's, with its attempts. For thousands of orders, not for millions. */
export async function readOrdersWithAttempts(
  database: Database,
  partner: string | null = null,
): Promise<OrderWithAttempts[]> {
  const orders = new Map<string, OrderWithAttempts & { attempts: OrderWithAttempts['attempts'][number][] }>()
  for (const { order, attempt } of await selectOrders(database, { partner })) {
    const known = orders.get(order.orderId) ?? { ...order, attempts: [] }
    orders.set(order.orderId, known)
    if (attempt !== null) known.attempts.push(attempt)
  }
  return [...orders.values()]
}
