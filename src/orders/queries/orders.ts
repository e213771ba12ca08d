import { readReference } from '../../core/plain-text.ts'
import type { Database } from '../../postgres/pool.ts'
import type { OrderKind } from '../command.ts'
import type { AttemptOutcome, OrderState } from '../lifecycle.ts'
import type { OrderContent } from '../submission.ts'

/** What people list and show. Grams are Postgres's four-decimal text, rupiah its digits: nothing is computed here. */
export interface OrderSummary {
  readonly orderId: string
  readonly partner: string
  readonly reference: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly state: OrderState
  readonly reason: string
  readonly attempts: number
  readonly requestId: string | null
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly goldWeight: string | null
  readonly amount: string | null
  readonly fee: string | null
  readonly acceptedAt: Date
  readonly settledAt: Date | null
}

/** Which orders to list; null fields do not narrow. The newest come first. */
export interface OrderFilter {
  readonly state: OrderState | null
  readonly kind: OrderKind | null
  readonly partner: string | null
  readonly phoneNumber: string | null
  readonly limit: number
  readonly skip: number
}

/** An order in a list. */
export interface ListedOrder extends OrderSummary {
  /** What its grams and rupiah are; null when it ended without moving anything. */
  readonly basis: 'executed' | 'quoted' | 'asked' | null
  readonly grams: string | null
  readonly rupiah: string | null
}

/** All orders of a filter together, in the grams and rupiah that a list shows of each. */
export interface OrderSums {
  readonly count: number
  readonly grams: string
  readonly rupiah: string
  /** Orders whose rupiah are not known, such as withdrawals before their confirm. */
  readonly withoutRupiah: number
}

const SUMMARY_COLUMNS = `
  order_id AS "orderId", partner, reference, kind, phone_number AS "phoneNumber", state, reason, attempts,
  request_id AS "requestId", response_id AS "responseId", session_id AS "sessionId",
  gold_weight::text AS "goldWeight", amount::text AS amount, fee::text AS fee,
  accepted_at AS "acceptedAt", settled_at AS "settledAt"`

// Whatever is listed is counted and summed by the same condition.
const IS_LISTED = `($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR kind = $2)
      AND ($3::text IS NULL OR partner = $3) AND ($4::text IS NULL OR phone_number = $4)`

/**
 * What an order is about: what was executed, else what its newest attempt's quote says, else what was asked for. A
 * final order that was not executed moved nothing, so it has none.
 */
const TERMS = `
    CASE WHEN state = 'succeeded' THEN 'executed' WHEN state IN ('rejected', 'expired', 'cancelled') THEN NULL
      WHEN q.quoted_gold_weight IS NOT NULL THEN 'quoted' ELSE 'asked' END AS basis,
    CASE WHEN state = 'succeeded' THEN gold_weight WHEN state IN ('rejected', 'expired', 'cancelled') THEN NULL
      ELSE coalesce(q.quoted_gold_weight, (o.content ->> 'gold_weight')::numeric(14, 4)) END AS grams,
    CASE WHEN state = 'succeeded' THEN amount WHEN state IN ('rejected', 'expired', 'cancelled') THEN NULL
      WHEN q.quoted_gold_weight IS NOT NULL THEN q.quoted_amount ELSE (o.content ->> 'amount')::bigint END AS rupiah`
const WITH_TERMS = `
    JOIN (SELECT id, content FROM orders) o ON o.id = order_id
    LEFT JOIN LATERAL (
      SELECT quoted_gold_weight, quoted_amount FROM attempts a
      WHERE a.order_id = v.order_id AND a.outcome IN ('intent', 'in_doubt') ORDER BY seq DESC LIMIT 1
    ) q ON true`

const LIST_ORDERS = {
  name: 'list_orders',
  text: `
    SELECT v.*, t.basis, t.grams::text AS grams, t.rupiah::text AS rupiah
    FROM (
      SELECT ${SUMMARY_COLUMNS} FROM ops.orders WHERE ${IS_LISTED}
      ORDER BY accepted_at DESC, order_id LIMIT $5 OFFSET $6
    ) v
    JOIN LATERAL (
      SELECT ${TERMS} FROM ops.orders v ${WITH_TERMS} WHERE v.order_id = "orderId"
    ) t ON true
    ORDER BY "acceptedAt" DESC, "orderId"`,
}

/** Lists orders as `ops.orders` shows them, with what each is about. */
export async function listOrders(database: Database, filter: OrderFilter): Promise<ListedOrder[]> {
  const { state, kind, partner, phoneNumber, limit, skip } = filter
  return await database.run<ListedOrder>(LIST_ORDERS, [state, kind, partner, phoneNumber, limit, skip])
}

const SUM_ORDERS = {
  name: 'sum_orders',
  text: `
    SELECT count(*)::int AS count, coalesce(sum(grams), 0)::numeric(30, 4)::text AS grams,
      coalesce(sum(rupiah), 0)::text AS rupiah, (count(*) FILTER (WHERE basis IS NOT NULL AND rupiah IS NULL))::int AS "withoutRupiah"
    FROM (SELECT ${TERMS} FROM ops.orders v ${WITH_TERMS} WHERE ${IS_LISTED}) listed`,
}

/** Sums all orders of a filter, also those beyond its limit. */
export async function sumOrders(database: Database, filter: OrderFilter): Promise<OrderSums> {
  const { state, kind, partner, phoneNumber } = filter
  const [sums] = await database.run<OrderSums>(SUM_ORDERS, [state, kind, partner, phoneNumber])
  if (sums === undefined) throw new Error('orders without a sum')
  return sums
}

const FIND_ORDER_ID = {
  name: 'find_order_id',
  text: `
    SELECT id::text AS "orderId" FROM orders
    WHERE id::text = $1 OR (partner = $2 AND reference = $3)
    ORDER BY (id::text = $1) DESC LIMIT 1`,
}

/** Finds an order by its id or by `partner/reference`; null when there is none. */
export async function findOrderId(database: Database, given: string): Promise<string | null> {
  const [partner = '', ...rest] = given.split('/')
  const values = [given, partner, readReference(rest.join('/'))]
  const [row] = await database.run<{ orderId: string }>(FIND_ORDER_ID, values)
  return row?.orderId ?? null
}

/** One attempt with everything that was kept of it. */
export interface AttemptStory {
  readonly seq: number
  readonly outcome: AttemptOutcome
  readonly worker: string
  readonly quoteId: string
  readonly quotedGoldWeight: string
  readonly quotedAmount: string | null
  readonly quotedFee: string | null
  readonly requestId: string | null
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly goldWeight: string | null
  readonly amount: string | null
  readonly fee: string | null
  readonly intentAt: Date
  readonly endedAt: Date | null
  readonly gatewayMessage: string | null
  readonly httpStatus: number | null
}

/** One move of an order. */
export interface OrderEvent {
  readonly at: Date
  readonly fromState: OrderState | null
  readonly toState: OrderState
  readonly reason: string
  readonly actor: string
  readonly detail: Readonly<Record<string, unknown>> | null
}

/** Everything that is known of one order. */
export interface OrderStory extends OrderSummary {
  readonly content: OrderContent
  readonly deadlineAt: Date
  readonly postponements: number
  readonly trouble: string | null
  /** The due time of a plan that it came from; null when it came otherwise. */
  readonly planRun: { readonly planId: number; readonly name: string; readonly dueAt: string } | null
  /** The rows of batches that this order came from; none when its partner sent it otherwise. */
  readonly batchRows: readonly {
    readonly batchId: number
    readonly rowNumber: number
    /** The plan that made the batch, and for when; null when a person did. */
    readonly plan: string | null
    readonly dueAt: Date | null
  }[]
  readonly attemptStories: readonly AttemptStory[]
  readonly events: readonly OrderEvent[]
}

const READ_ORDER = {
  name: 'read_order',
  text: `
    SELECT ${SUMMARY_COLUMNS}, o.content, o.deadline_at AS "deadlineAt", o.postponements, o.trouble,
      (SELECT json_build_object('planId', r.plan_id, 'name', r.plan, 'dueAt', r.due_at)
       FROM ops.plan_runs r WHERE r.order_id = $1) AS "planRun"
    FROM ops.orders JOIN (SELECT id, content, deadline_at, postponements, trouble FROM orders) o ON o.id = order_id
    WHERE order_id = $1`,
}

const READ_ATTEMPTS = {
  name: 'read_attempts',
  text: `
    SELECT seq, outcome, worker, quote_id AS "quoteId", quoted_gold_weight::text AS "quotedGoldWeight",
      quoted_amount::text AS "quotedAmount", quoted_fee::text AS "quotedFee", request_id AS "requestId",
      response_id AS "responseId", session_id AS "sessionId", gold_weight::text AS "goldWeight", amount::text AS amount,
      fee::text AS fee, intent_at AS "intentAt", ended_at AS "endedAt", gateway_message AS "gatewayMessage",
      http_status AS "httpStatus"
    FROM attempts WHERE order_id = $1 ORDER BY seq`,
}

const READ_EVENTS = {
  name: 'read_events',
  text: `
    SELECT at, from_state AS "fromState", to_state AS "toState", reason, actor, detail
    FROM order_events WHERE order_id = $1 ORDER BY id`,
}

const READ_BATCH_ROWS = {
  name: 'read_batch_rows_of_order',
  text: `
    SELECT b.batch_id AS "batchId", b.row_number AS "rowNumber", r.plan, r.due_at AS "dueAt"
    FROM batch_rows b LEFT JOIN ops.plan_runs r ON r.batch_id = b.batch_id
    WHERE b.order_id = $1 ORDER BY b.batch_id, b.row_number`,
}

/** Reads one order's whole story; null when there is no such order. */
export async function readOrderStory(database: Database, orderId: string): Promise<OrderStory | null> {
  const [order] = await database.run<OrderStory>(READ_ORDER, [orderId])
  if (order === undefined) return null
  const [batchRows, attemptStories, events] = await Promise.all([
    database.run<OrderStory['batchRows'][number]>(READ_BATCH_ROWS, [orderId]),
    database.run<AttemptStory>(READ_ATTEMPTS, [orderId]),
    database.run<OrderEvent>(READ_EVENTS, [orderId]),
  ])
  return { ...order, batchRows, attemptStories, events }
}

const COUNT_ORDERS = {
  name: 'count_orders',
  text: 'SELECT kind, state, count(*)::int AS count FROM orders GROUP BY kind, state',
}

/** How many orders of each kind are in each state. */
export async function countOrders(
  database: Database,
): Promise<{ kind: OrderKind; state: OrderState; count: number }[]> {
  return await database.run(COUNT_ORDERS, [])
}
