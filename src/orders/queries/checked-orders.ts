import { type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../../core/money.ts'
import type { Database } from '../../postgres/pool.ts'
import type { OrderKind } from '../command.ts'
import type { AttemptOutcome, OrderState } from '../lifecycle.ts'

/** An order with its attempts, amounts exact: what is held against the gateway's books. */
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

const READ_ORDERS = {
  name: 'read_orders_with_attempts',
  text: `
    SELECT o.id::text AS order_id, o.kind, o.phone_number, o.state, o.reason, a.quote_id, a.outcome, a.intent_at,
      a.response_id, a.session_id, a.gold_weight::text, a.amount::text, a.fee::text,
      a.quoted_gold_weight::text, a.quoted_amount::text,
      a.gateway_message
    FROM orders o LEFT JOIN attempts a ON a.order_id = o.id
    WHERE $1::text IS NULL OR o.partner = $1 ORDER BY o.id, a.seq`,
}

interface Row {
  order_id: string
  kind: OrderKind
  phone_number: string
  state: OrderState
  reason: string
  quote_id: string | null
  outcome: AttemptOutcome
  intent_at: Date
  response_id: string | null
  session_id: string | null
  gold_weight: string | null
  amount: string | null
  fee: string | null
  gateway_message: string | null
  quoted_gold_weight: string | null
  quoted_amount: string | null
}

/** Reads every order, or a partner's, with its attempts. For thousands of orders, not for millions. */
export async function readOrdersWithAttempts(
  database: Database,
  partner: string | null = null,
): Promise<OrderWithAttempts[]> {
  const rows = await database.run<Row>(READ_ORDERS, [partner])
  const orders = new Map<string, OrderWithAttempts & { attempts: OrderWithAttempts['attempts'][number][] }>()
  for (const row of rows) {
    const { order_id: orderId, kind, phone_number: phoneNumber, state, reason } = row
    const order = orders.get(orderId) ?? { orderId, kind, phoneNumber, state, reason, attempts: [] }
    orders.set(orderId, order)
    if (row.quote_id !== null) order.attempts.push(attemptOf(row, row.quote_id))
  }
  return [...orders.values()]
}

function attemptOf(row: Row, quoteId: string): OrderWithAttempts['attempts'][number] {
  return {
    quoteId,
    outcome: row.outcome,
    intentAt: row.intent_at,
    responseId: row.response_id,
    sessionId: row.session_id,
    goldWeight: row.gold_weight === null ? null : parseGrams(row.gold_weight),
    amount: row.amount === null ? null : parseRupiah(row.amount),
    fee: row.fee === null ? null : parseRupiah(row.fee),
    message: row.gateway_message,
    quotedGoldWeight: row.quoted_gold_weight === null ? null : parseGrams(row.quoted_gold_weight),
    quotedAmount: row.quoted_amount === null ? null : parseRupiah(row.quoted_amount),
  }
}
