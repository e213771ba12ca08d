import type { Database } from '../../postgres/pool.ts'
import type { OrderKind } from '../command.ts'
import { isFinal, type OrderState } from '../lifecycle.ts'
import type { OrderContent } from '../submission.ts'

/**
 * What a partner may read. Every query names the partner: another's order is not refused, it is not there.
 * Grams and rupiah are Postgres's text.
 */
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
  readonly goldWeight: string | null
  readonly amount: string | null
  readonly fee: string | null
  readonly acceptedAt: Date
  readonly deadlineAt: Date
  readonly settledAt: Date | null
  /** The time of acceptance in full: a Date has milliseconds only. */
  readonly acceptedMicros: string
}

const OWN_COLUMNS = `
  o.id AS "orderId", o.reference, o.kind, o.phone_number AS "phoneNumber", o.content, o.state, o.reason,
  (SELECT count(*)::int FROM attempts a WHERE a.order_id = o.id) AS attempts,
  e.request_id AS "requestId", e.response_id AS "responseId", e.session_id AS "sessionId",
  e.gold_weight::text AS "goldWeight", e.amount::text AS amount, e.fee::text AS fee,
  o.accepted_at AS "acceptedAt", o.deadline_at AS "deadlineAt", o.settled_at AS "settledAt",
  to_char(o.accepted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "acceptedMicros"
  FROM orders o LEFT JOIN attempts e ON e.order_id = o.id AND e.outcome = 'succeeded'`

const FIND_OWN = {
  name: 'find_own_orders',
  text: `SELECT x.position, ${OWN_COLUMNS}
    JOIN unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS x (partner, id, position)
      ON o.partner = x.partner AND o.id = x.id`,
}

/** Orders by id, each of its partner; null where that partner has none of this id. */
export async function findPartnerOrders(
  database: Database,
  owns: readonly { readonly partner: string; readonly orderId: string }[],
): Promise<(PartnerOrder | null)[]> {
  const values = [owns.map(({ partner }) => partner), owns.map(({ orderId }) => orderId)]
  const rows = await database.run<PartnerOrder & { position: string }>(FIND_OWN, values)
  const byPosition = new Map(rows.map(({ position, ...order }) => [Number(position), order]))
  return owns.map((_own, index) => byPosition.get(index + 1) ?? null)
}

/** A place in a list: the order that was last on the page before. */
export interface Place {
  readonly acceptedMicros: string
  readonly orderId: string
}

export interface PartnerOrderFilter {
  readonly partner: string
  readonly reference: string | null
  readonly state: OrderState | null
  readonly since: Date | null
  readonly after: Place | null
  readonly limit: number
}

/** Before all orders there are. */
const NEWEST: Place = { acceptedMicros: 'infinity', orderId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

// Every bound is always there, so that the one plan that is kept reads the index from the right place on.
const LIST_OWN = {
  name: 'list_own_orders',
  text: `
    SELECT ${OWN_COLUMNS}
    WHERE o.partner = $1 AND (o.accepted_at, o.id) < ($2::timestamptz, $3::uuid) AND o.accepted_at >= $4::timestamptz
      AND ($5::text IS NULL OR o.state = $5)
    ORDER BY o.accepted_at DESC, o.id DESC LIMIT $6`,
}
// Who asks again and again for orders in doubt has few of them beside all the others: these are in an index of their own.
const LIST_OPEN = {
  name: 'list_own_open_orders',
  text: `
    SELECT ${OWN_COLUMNS}
    WHERE o.partner = $1 AND (o.accepted_at, o.id) < ($2::timestamptz, $3::uuid) AND o.accepted_at >= $4::timestamptz
      AND o.state = $5 AND o.settled_at IS NULL
    ORDER BY o.accepted_at DESC, o.id DESC LIMIT $6`,
}
const LIST_BY_REFERENCE = {
  name: 'list_own_orders_by_reference',
  text: `
    SELECT ${OWN_COLUMNS}
    WHERE o.partner = $1 AND (o.accepted_at, o.id) < ($2::timestamptz, $3::uuid) AND o.accepted_at >= $4::timestamptz
      AND ($5::text IS NULL OR o.state = $5) AND o.reference = $7
    ORDER BY o.accepted_at DESC, o.id DESC LIMIT $6`,
}

/** A page of this partner's orders, the newest first. */
export async function listPartnerOrders(
  database: Database,
  filter: PartnerOrderFilter,
): Promise<PartnerOrder[]> {
  const { partner, reference, state, since, after, limit } = filter
  const { acceptedMicros, orderId } = after ?? NEWEST
  const values = [partner, acceptedMicros, orderId, since ?? '-infinity', state, limit]
  if (reference !== null) return await database.run<PartnerOrder>(LIST_BY_REFERENCE, [...values, reference])
  return await database.run<PartnerOrder>(state === null || isFinal(state) ? LIST_OWN : LIST_OPEN, values)
}

/** A move of an order as its partner may see it. */
export interface PartnerOrderEvent {
  readonly at: Date
  readonly fromState: OrderState | null
  readonly toState: OrderState
  readonly reason: string
  /** What kind of actor moved it: partner, worker, sweeper, batch, plan, person. */
  readonly by: string
}

const OWN_EVENTS = {
  name: 'read_own_order_events',
  text: `
    SELECT e.at, e.from_state AS "fromState", e.to_state AS "toState", e.reason, split_part(e.actor, ':', 1) AS by
    FROM orders o JOIN order_events e ON e.order_id = o.id
    WHERE o.partner = $1 AND o.id = $2::uuid ORDER BY e.id`,
}

/** The moves of an order of this partner. Empty when it has none of this id: every order has its first event. */
export async function readPartnerOrderEvents(
  database: Database,
  partner: string,
  orderId: string,
): Promise<PartnerOrderEvent[]> {
  return await database.run<PartnerOrderEvent>(OWN_EVENTS, [partner, orderId])
}

const ENDED = {
  name: 'find_ended_orders',
  text: `
    SELECT id AS "orderId" FROM orders
    WHERE id = ANY ($1::uuid[]) AND state IN ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')`,
}

/** Those of these orders that ended or are in doubt. */
export async function findEnded(database: Database, orderIds: readonly string[]): Promise<string[]> {
  const rows = await database.run<{ orderId: string }>(ENDED, [orderIds])
  return rows.map(({ orderId }) => orderId)
}
