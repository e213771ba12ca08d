import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import { PAUSE_AFTER_TRIES } from './backoff.ts'
import type { Claim } from './deliveries.ts'
import type { DeliveryState, PauseReason } from './enums.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookTries as tries,
} from './schema.ts'

/** The outcome of a try, and what follows. */
export interface TryResult {
  readonly durationMs: number
  readonly httpStatus: number | null
  readonly trouble: string | null
  readonly reply: string | null
  readonly following:
    | { readonly is: Exclude<DeliveryState, 'pending'> }
    /** How long after it is recorded it is due again. */
    | { readonly is: 'pending'; readonly delayMs: number }
  /** The endpoint answered that it is gone, and is paused at once. */
  readonly isGone: boolean
}

/** Why the endpoint was paused by a try. */
export interface EndpointPaused {
  readonly pausedBecause: PauseReason | null
  readonly failingSince: Date | null
}

const milliseconds = (count: SQL) => sql`${count} * interval '1 millisecond'`

// A sender whose lease has ended still records its try, for it was sent, but no longer decides about the delivery,
// unless the receiver accepted it: then nobody needs to send it again.
const insertTry = statement(
  'record_webhook_try',
  {
    eventId: tries.eventId,
    endpointId: tries.endpointId,
    try: tries.try,
    durationMs: tries.durationMs,
    httpStatus: nullable(tries.httpStatus),
    trouble: nullable(tries.trouble),
    reply: nullable(tries.reply),
    state: deliveries.state,
    delayMs: nullable(type.float),
    isGone: type.boolean,
    pauseAfterMs: nullable(type.float),
  },
  (db, { state, delayMs, isGone, pauseAfterMs, ...tried }) => {
    const recorded = db.$with('recorded').as(db.insert(tries).values({ ...tried, at: sql`now()` }))
    const moved = db.$with('moved').as(
      db
        .update(deliveries)
        .set({
          state,
          nextAt: sql`coalesce(now() + ${milliseconds(delayMs)}, ${deliveries.nextAt})`,
          step: sql`${deliveries.step} + 1`,
          endedAt: sql`case when ${state} <> 'pending' then now() end`,
        })
        .where(
          and(
            eq(deliveries.eventId, tried.eventId),
            eq(deliveries.endpointId, tried.endpointId),
            sql`${deliveries.state} = 'pending'`,
            sql`(${deliveries.tries} = ${tried.try} or ${state} = 'delivered')`,
          ),
        ),
    )
    // Null when this try does not pause the endpoint. A test has no pause time, and is no evidence about an endpoint.
    const pausedBecause = sql`case when ${endpoints.state} <> 'active' or ${state} = 'delivered' or ${pauseAfterMs} is null then null
      when ${isGone} then 'gone'
      when ${tried.try} >= ${PAUSE_AFTER_TRIES} and ${endpoints.failingSince} <= now() - ${milliseconds(pauseAfterMs)} then 'failing' end`
    return db
      .with(recorded, moved)
      .update(endpoints)
      .set({
        failingSince: sql`case when ${state} <> 'delivered' then coalesce(${endpoints.failingSince}, now()) end`,
        state: sql`case when ${pausedBecause} is null then ${endpoints.state} else 'paused' end`,
        pausedBecause: sql`coalesce(${pausedBecause}, ${endpoints.pausedBecause})`,
        stateSince: sql`case when ${pausedBecause} is null then ${endpoints.stateSince} else now() end`,
      })
      .where(
        and(
          eq(endpoints.id, tried.endpointId),
          sql`case when ${state} = 'delivered' then ${endpoints.failingSince} is not null and ${endpoints.state} = 'active'
            else ${pauseAfterMs} is not null and (${endpoints.failingSince} is null or ${pausedBecause} is not null) end`,
        ),
      )
      .returning({
        pausedBecause: endpoints.pausedBecause,
        failingSince: endpoints.failingSince,
        isNew: sql<boolean>`${endpoints.state} = 'paused' and ${endpoints.stateSince} = now()`,
      })
  },
)

/**
 * Records a try, ends or reschedules its delivery, and pauses an endpoint that has failed for too long. All times are the
 * database's.
 * @param pauseAfterMs how long is too long; null for a test, which does not change its endpoint unless it succeeds
 * @returns why the endpoint was paused by this try; null when it was not
 */
export async function recordTry(
  database: Database,
  { eventId, endpointId, try: number }: Claim,
  { following, ...result }: TryResult,
  pauseAfterMs: number | null,
): Promise<EndpointPaused | null> {
  const [changed] = await insertTry(database, {
    ...result,
    eventId,
    endpointId,
    try: number,
    state: following.is,
    delayMs: following.is === 'pending' ? following.delayMs : null,
    pauseAfterMs,
  })
  return changed?.isNew ? changed : null
}
