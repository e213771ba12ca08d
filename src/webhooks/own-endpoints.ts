import { and, asc, eq, sql } from 'drizzle-orm'
import { changeRequests } from '../approvals/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { list, statement, type } from '../postgres/statement.ts'
import { isLeft } from './endpoints.ts'
import { webhookEndpoints as endpoints } from './schema.ts'

/** A partner's endpoint as the partner sees it. */
const OWN_ENDPOINT = {
  id: endpoints.id,
  url: endpoints.url,
  kinds: endpoints.kinds,
  state: endpoints.state,
  pausedBecause: endpoints.pausedBecause,
  stateSince: endpoints.stateSince,
  failingSince: endpoints.failingSince,
  createdAt: endpoints.createdAt,
}

const selectOwn = statement('list_own_endpoints', { partner: endpoints.partner }, (db, { partner }) =>
  db
    .select(OWN_ENDPOINT)
    .from(endpoints)
    .where(and(eq(endpoints.partner, partner), isLeft))
    .orderBy(asc(endpoints.id)),
)
export type OwnEndpoint = Awaited<ReturnType<typeof selectOwn>>[number]

/** A partner's endpoints that are not removed: few. */
export async function listOwnEndpoints(runner: StatementRunner, partner: string): Promise<OwnEndpoint[]> {
  return await selectOwn(runner, { partner })
}

const selectAsked = statement('list_asked_endpoints', { partner: endpoints.partner }, (db, { partner }) =>
  db
    .select({
      requestId: changeRequests.id,
      payload: sql<{ url: string; kinds: string[]; endpointId?: number }>`${changeRequests.payload}`,
      askedAt: changeRequests.proposedAt,
    })
    .from(changeRequests)
    .where(
      and(
        eq(changeRequests.kind, 'change_endpoint'),
        sql`${changeRequests.state} = 'open'`,
        sql`${changeRequests.payload} ->> 'partner' = ${partner}`,
      ),
    )
    .orderBy(asc(changeRequests.id)),
)
export type AskedEndpoint = Awaited<ReturnType<typeof selectAsked>>[number]

/** What waits for an operator's approval, of this partner. */
export async function listAskedEndpoints(runner: StatementRunner, partner: string): Promise<AskedEndpoint[]> {
  return await selectAsked(runner, { partner })
}

const updateUrl = statement(
  'redirect_webhook_endpoint',
  {
    id: endpoints.id,
    partner: endpoints.partner,
    url: endpoints.url,
    kinds: list(type.text),
    requestId: type.integer,
  },
  (db, { id, partner, url, kinds, requestId }) =>
    db
      .update(endpoints)
      .set({ url, kinds, requestId })
      .where(and(eq(endpoints.id, id), eq(endpoints.partner, partner), isLeft))
      .returning({ id: endpoints.id }),
)

/** Sends a partner's events elsewhere, as two have decided. @returns whether the partner has the endpoint */
export async function redirectEndpoint(
  runner: StatementRunner,
  endpoint: {
    readonly id: number
    readonly partner: string
    readonly url: string
    readonly kinds: readonly string[]
    readonly requestId: number
  },
): Promise<boolean> {
  return (await updateUrl(runner, endpoint)).length > 0
}

const actAs = statement(
  'act_as_holder',
  { partner: type.text, holder: type.text },
  (db, { partner, holder }) =>
    db.select({ name: sql<string>`act_as_holder(${partner}, ${holder})` }).from(sql`(select 1) one`),
)

/** Tells Postgres, until the transaction ends, that this holder of a partner's keys acts. @returns its name */
export async function actAsHolder(
  runner: StatementRunner,
  { partner, holder }: { readonly partner: string; readonly holder: string },
): Promise<string> {
  await actAs(runner, { partner, holder })
  return `${partner}/${holder}`
}

const lockOwn = statement(
  'lock_own_endpoint',
  { id: endpoints.id, partner: endpoints.partner },
  (db, { id, partner }) =>
    db
      .select({ ...OWN_ENDPOINT, note: endpoints.note })
      .from(endpoints)
      .where(and(eq(endpoints.id, id), eq(endpoints.partner, partner), isLeft))
      .for('update'),
)

/** A partner's endpoint, locked until the transaction ends; null when it has none of this number. */
export async function lockOwnEndpoint(
  runner: StatementRunner,
  own: { readonly id: number; readonly partner: string },
): Promise<(OwnEndpoint & { readonly note: string | null }) | null> {
  const [found] = await lockOwn(runner, own)
  return found ?? null
}
