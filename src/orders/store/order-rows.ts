import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { columnName } from '../../postgres/statement.ts'
import type { AttemptOutcome } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'

/** Milliseconds until the deadline, by the database's clock. */
const msUntilDeadline = sql<number>`(extract(epoch from ${orders.deadlineAt} - clock_timestamp()) * 1000)::float8`

// A parameter: as a literal it would make the index of all open intents look as good as the order's key.
const OPEN: AttemptOutcome = 'intent'

/**
 * Age of the order's open intent, by the database's clock; null when there is none. The tables are written out: in a
 * query of one table Drizzle leaves them away, also here.
 */
const intentAgeMs = sql<number | null>`(
  select (extract(epoch from clock_timestamp() - ${columnName(attempts.intentAt)}) * 1000)::float8 from ${attempts}
  where ${attempts}.${columnName(attempts.orderId)} = ${orders}.${columnName(orders.id)}
    and ${attempts}.${columnName(attempts.outcome)} = ${OPEN})`

/** A new order as `StoredOrder`: it has no intent yet. */
export const NEW_ORDER = {
  orderId: orders.id,
  kind: orders.kind,
  phoneNumber: orders.phoneNumber,
  content: orders.content,
  contentHash: orders.contentHash,
  state: orders.state,
  reason: orders.reason,
  deadlineAt: orders.deadlineAt,
  msUntilDeadline: msUntilDeadline.as('ms_until_deadline'),
  postponements: orders.postponements,
}

/** A stored order as `StoredOrder`, but for the order that it waits for: see `laneFrontOf`. */
export const STORED_ORDER = { ...NEW_ORDER, intentAgeMs: intentAgeMs.as('intent_age_ms') }

/** What tells an order's place in its lane. */
interface Place {
  readonly id: SQLWrapper
  readonly phoneNumber: SQLWrapper
  readonly kind: SQLWrapper
  readonly acceptedAt: SQLWrapper
}

/** The order that an accepted order waits for (I5); null when it is its turn. */
export const laneFront = ({ id, phoneNumber, kind, acceptedAt }: Place, debitsWait: SQLWrapper) =>
  sql<string | null>`lane_front(${id}, ${phoneNumber}, ${kind}, ${acceptedAt}, ${debitsWait})`

/** The order that a stored order waits for; null as well when nobody asks: `debitsWait` is null. */
export const laneFrontOf = (debitsWait: SQLWrapper) =>
  sql<
    string | null
  >`(case when ${orders.state} = 'accepted' and ${debitsWait} is not null then ${laneFront(orders, debitsWait)} end)`.as(
    'waits_for',
  )

/**
 * Holds a column to the keys that a statement was given, beside the join that says which is whose. Postgres then reaches
 * the rows by the key whichever side of the join it reads first.
 */
export const isAmong = (column: SQLWrapper, keys: SQLWrapper): SQL => sql`${column} = any (${keys})`

/** Whether no switch holds an order whose closing stopped the deadlines: only then may a deadline that has passed end it. */
export const isDeadlineRunning = sql`not has_deadline_stopped(${orders.id}, ${orders.kind}, ${orders.partner})`
