import { and, asc, eq, or, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { list, nullable, statement, type } from '../postgres/statement.ts'
import type { DeliveryState, EndpointState, PauseReason } from './enums.ts'
import { webhookDeliveries as deliveries, webhookEndpoints as endpoints } from './schema.ts'
import { newSecret } from './signing.ts'

/** An endpoint as operators see it: without its secrets. */
export interface Endpoint {
  readonly id: number
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly state: EndpointState
  readonly pausedBecause: PauseReason | null
  readonly note: string | null
  readonly stateSince: Date
  readonly failingSince: Date | null
  readonly previousUntil: Date | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly pending: number
  readonly givenUp: number
  readonly deliveredAt: Date | null
}

export interface NewEndpoint {
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly by: string
  /** The request by which two people approved it; null where names are declared. */
  readonly requestId?: number | null
}

/** Not removed. */
export const isLeft = sql`${endpoints.state} <> 'removed'`

const insertEndpoint = statement(
  'add_webhook_endpoint',
  {
    partner: endpoints.partner,
    url: endpoints.url,
    kinds: list(type.text),
    secret: endpoints.secret,
    by: endpoints.createdBy,
    requestId: nullable(endpoints.requestId),
  },
  (db, { partner, url, kinds, secret, by, requestId }) =>
    db
      .insert(endpoints)
      .values({ partner, url, kinds, secret, createdBy: by, requestId })
      .returning({ id: endpoints.id }),
)

/** Adds an endpoint. Its secret is shown to its owner now and never again. */
export async function addEndpoint(
  runner: StatementRunner,
  endpoint: NewEndpoint,
): Promise<{ id: number; secret: string }> {
  const secret = newSecret()
  const [row] = await insertEndpoint(runner, { ...endpoint, requestId: endpoint.requestId ?? null, secret })
  if (row === undefined) throw new Error('an endpoint that was added has an id')
  return { id: row.id, secret }
}

const selectEndpoints = statement(
  'list_webhook_endpoints',
  { partner: nullable(endpoints.partner), removedToo: type.boolean },
  (db, { partner, removedToo }) => {
    // Each figure reads an index of few rows, or one row of an index: an endpoint has ever more deliveries.
    const ofState = (state: DeliveryState) =>
      sql<number>`(select count(*)::int from ${deliveries}
        where ${deliveries.endpointId} = ${endpoints.id} and ${deliveries.state} = ${sql.raw(`'${state}'`)})`
    const deliveredAt = sql<Date | null>`(select ${deliveries.endedAt} from ${deliveries}
        where ${deliveries.endpointId} = ${endpoints.id} and ${deliveries.endedAt} is not null
          and ${deliveries.state} = 'delivered'
        order by ${deliveries.endedAt} desc limit 1)`
    return db
      .select({
        id: endpoints.id,
        partner: endpoints.partner,
        url: endpoints.url,
        kinds: endpoints.kinds,
        state: endpoints.state,
        pausedBecause: endpoints.pausedBecause,
        note: endpoints.note,
        stateSince: endpoints.stateSince,
        failingSince: endpoints.failingSince,
        previousUntil: endpoints.previousUntil,
        createdAt: endpoints.createdAt,
        createdBy: endpoints.createdBy,
        pending: ofState('pending'),
        givenUp: ofState('given_up'),
        deliveredAt: deliveredAt.mapWith(deliveries.endedAt),
      })
      .from(endpoints)
      .where(and(sql`(${partner} is null or ${endpoints.partner} = ${partner})`, or(isLeft, removedToo)))
      .orderBy(asc(endpoints.partner), asc(endpoints.id))
  },
)

/** Lists endpoints with what is pending for them. */
export async function listEndpoints(
  runner: StatementRunner,
  filter: { partner: string | null; removedToo: boolean },
): Promise<Endpoint[]> {
  return await selectEndpoints(runner, filter)
}

const updateSecret = statement(
  'rotate_webhook_secret',
  { id: endpoints.id, secret: endpoints.secret, overlapMs: type.float },
  (db, { id, secret, overlapMs }) =>
    db
      .update(endpoints)
      .set({
        secret,
        previousSecret: sql`case when ${overlapMs} > 0 then ${endpoints.secret} end`,
        previousUntil: sql`case when ${overlapMs} > 0 then now() + ${overlapMs} * interval '1 millisecond' end`,
      })
      .where(and(eq(endpoints.id, id), isLeft))
      .returning({ previousUntil: endpoints.previousUntil }),
)

/**
 * Gives an endpoint a new secret. The previous one signs beside it for a while; one before that stops signing now.
 * @returns null when there is no such endpoint
 */
export async function rotateSecret(
  runner: StatementRunner,
  id: number,
  overlapMs: number,
): Promise<{ secret: string; previousUntil: Date | null } | null> {
  const secret = newSecret()
  const [row] = await updateSecret(runner, { id, secret, overlapMs })
  return row === undefined ? null : { secret, previousUntil: row.previousUntil }
}
