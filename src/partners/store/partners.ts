import { and, asc, eq, isNull, ne, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Scope } from '../../core/scopes.ts'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, statement, type } from '../../postgres/statement.ts'
import type { PartnerState } from '../enums.ts'
import { partnerKeys, partners } from '../schema.ts'

/** A partner as it stands, with its limits. */
export type PartnerRow = Readonly<Omit<typeof partners.$inferSelect, 'actor' | 'scopes' | 'requestId'>>

export const PARTNER_COLUMNS = {
  name: partners.name,
  state: partners.state,
  ordersPerMinute: partners.ordersPerMinute,
  rupiahPerOrder: partners.rupiahPerOrder,
  rupiahPerDay: partners.rupiahPerDay,
  walletsPerDay: partners.walletsPerDay,
  kinds: partners.kinds,
  addresses: partners.addresses,
  createdAt: partners.createdAt,
}

const insertPartner = statement(
  'add_partner',
  { name: partners.name, actor: partners.actor },
  (db, { name, actor }) =>
    db
      .insert(partners)
      .values({ name, state: 'active', actor })
      .onConflictDoNothing()
      .returning({ name: partners.name }),
)

/** Adds a partner without limits; false when there is one of this name. */
export async function addPartner(runner: StatementRunner, name: string, actor: string): Promise<boolean> {
  return (await insertPartner(runner, { name, actor })).length > 0
}

const selectForUpdate = statement('lock_partner', { name: partners.name }, (db, { name }) =>
  db.select({ name: partners.name }).from(partners).where(eq(partners.name, name)).for('update'),
)

/** Makes changes of a partner's keys take turns until the transaction ends; false when there is no such partner. */
export async function lockPartner(runner: StatementRunner, name: string): Promise<boolean> {
  return (await selectForUpdate(runner, { name })).length > 0
}

const selectPartners = statement('list_partners', { name: nullable(partners.name) }, (db, { name }) =>
  db
    .select(PARTNER_COLUMNS)
    .from(partners)
    .where(or(isNull(name), eq(partners.name, name)))
    .orderBy(asc(partners.name)),
)

/** All partners, or the one of this name. */
export async function listPartners(runner: StatementRunner, name: string | null): Promise<PartnerRow[]> {
  return await selectPartners(runner, { name })
}

/** New values of limits, by column; columns that are not named stay, null lifts a limit. */
export interface LimitChange {
  readonly orders_per_minute?: number | null
  readonly rupiah_per_order?: string | null
  readonly rupiah_per_day?: string | null
  readonly wallets_per_day?: number | null
  readonly kinds?: readonly string[] | null
  readonly addresses?: readonly string[] | null
}

const updateLimits = statement(
  'set_partner_limits',
  {
    name: partners.name,
    changed: list(type.text),
    ordersPerMinute: nullable(partners.ordersPerMinute),
    rupiahPerOrder: nullable(partners.rupiahPerOrder),
    rupiahPerDay: nullable(partners.rupiahPerDay),
    walletsPerDay: nullable(partners.walletsPerDay),
    kinds: nullable(list(type.text)),
    addresses: nullable(list(type.text)),
    actor: partners.actor,
    requestId: nullable(partners.requestId),
  },
  (db, { name, changed, actor, requestId, ...limits }) => {
    const setIfChanged = (column: PgColumn, value: SQL) =>
      sql`case when ${column.name} = any(${changed}) then ${value} else ${column} end`
    return db
      .update(partners)
      .set({
        ordersPerMinute: setIfChanged(partners.ordersPerMinute, limits.ordersPerMinute),
        rupiahPerOrder: setIfChanged(partners.rupiahPerOrder, limits.rupiahPerOrder),
        rupiahPerDay: setIfChanged(partners.rupiahPerDay, limits.rupiahPerDay),
        walletsPerDay: setIfChanged(partners.walletsPerDay, limits.walletsPerDay),
        kinds: setIfChanged(partners.kinds, limits.kinds),
        addresses: setIfChanged(partners.addresses, limits.addresses),
        actor,
        requestId,
      })
      .where(eq(partners.name, name))
      .returning({ name: partners.name })
  },
)

/**
 * Sets some limits; false when there is no such partner.
 * @param requestId the request by which two people approved that a limit is raised
 */
export async function setLimits(
  runner: StatementRunner,
  partner: string,
  change: LimitChange,
  actor: string,
  requestId: number | null = null,
): Promise<boolean> {
  const updated = await updateLimits(runner, {
    name: partner,
    changed: Object.keys(change),
    ordersPerMinute: change.orders_per_minute ?? null,
    rupiahPerOrder: rupiahOf(change.rupiah_per_order),
    rupiahPerDay: rupiahOf(change.rupiah_per_day),
    walletsPerDay: change.wallets_per_day ?? null,
    kinds: change.kinds ?? null,
    addresses: change.addresses ?? null,
    actor,
    requestId,
  })
  return updated.length > 0
}

const rupiahOf = (digits: string | null | undefined) => (digits == null ? null : BigInt(digits))

const updateState = statement(
  'set_partner_state',
  { name: partners.name, state: partners.state, actor: partners.actor },
  (db, { name, state, actor }) =>
    db
      .update(partners)
      .set({ state, actor })
      .where(and(eq(partners.name, name), ne(partners.state, state)))
      .returning({ name: partners.name }),
)

/** Suspends or resumes a partner; false when it is in this state already, or does not exist. */
export async function setState(
  database: Database,
  partner: string,
  state: PartnerState,
  actor: string,
): Promise<boolean> {
  return (await updateState(database, { name: partner, state, actor })).length > 0
}

const updateScopes = statement(
  'set_partner_scopes',
  {
    name: partners.name,
    scopes: list(type.text),
    actor: partners.actor,
    requestId: nullable(partners.requestId),
  },
  (db, { name, scopes, actor, requestId }) =>
    db
      .update(partners)
      .set({ scopes, actor, requestId })
      .where(eq(partners.name, name))
      .returning({ name: partners.name }),
)

/** Sets the scopes that a partner's new keys may have; false when there is no such partner. */
export async function setScopes(
  runner: StatementRunner,
  partner: string,
  scopes: readonly Scope[],
  actor: string,
  requestId: number | null = null,
): Promise<boolean> {
  return (await updateScopes(runner, { name: partner, scopes: [...scopes], actor, requestId })).length > 0
}

const selectScopes = statement('read_partner_scopes', { name: partners.name }, (db, { name }) =>
  db
    .select({
      scopes: sql<Scope[]>`coalesce(${partners.scopes}, (
        select k.scopes from ${partnerKeys} k where k.partner = ${partners.name} order by k.created_at, k.prefix limit 1))`,
    })
    .from(partners)
    .where(eq(partners.name, name)),
)

/** The scopes that a partner's new keys may have; undefined when there is no such partner. */
export async function readScopes(
  runner: StatementRunner,
  partner: string,
): Promise<readonly Scope[] | undefined> {
  const [found] = await selectScopes(runner, { name: partner })
  return found === undefined ? undefined : (found.scopes ?? [])
}
