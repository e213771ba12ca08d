import { and, desc, eq, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { columnName, limitOf, statement, type } from '../postgres/statement.ts'
import { switchClosings } from '../switches/schema.ts'
import { databaseIdentity, recoveries } from './schema.ts'

const remember = statement('remember_database', {}, (db) =>
  db.select({ isRestored: sql<boolean>`remember_database()` }).from(sql`(select 1) one`),
)

/**
 * Remembers this database and leaves a sign of life. In a restored one it closes everything instead.
 * @returns whether the database was restored and waits for its recovery
 */
export async function rememberDatabase(runner: StatementRunner): Promise<boolean> {
  const [row] = await remember(runner, {})
  return row?.isRestored === true
}

/** Whether this is another database than the one remembered. Changes nothing. */
export const selectRestored = statement('read_restored', {}, (db) =>
  db.select({ isRestored: sql<boolean>`is_database_restored()` }).from(sql`(select 1) one`),
)

/** What is remembered, and what is here, locked until the transaction ends. */
export const lockIdentity = statement('lock_database_identity', {}, (db) =>
  db
    .select({
      identity: databaseIdentity.identity,
      here: sql<string>`this_database()`,
      aliveAt: databaseIdentity.aliveAt,
      foundAt: databaseIdentity.foundAt,
    })
    .from(databaseIdentity)
    .for('update'),
)

export const insertRecovery = statement(
  'insert_recovery',
  {
    fromIdentity: recoveries.fromIdentity,
    identity: recoveries.identity,
    aliveAt: recoveries.aliveAt,
    foundAt: recoveries.foundAt,
    recoveredBy: recoveries.recoveredBy,
    note: recoveries.note,
  },
  (db, recovery) => db.insert(recoveries).values(recovery).returning({ recoveryId: recoveries.id }),
)

/**
 * Holds every order that is accepted, also those that came since the restore: partners, batches and plans may have sent
 * them again. Nothing of them is in flight that this database knows.
 */
export const holdRestored = statement(
  'hold_restored_orders',
  { actor: orders.actor, recoveryId: recoveries.id },
  (db, { actor, recoveryId }) =>
    db
      .update(orders)
      .set({
        state: 'held',
        reason: 'restored',
        actor,
        detail: sql`jsonb_build_object('recovery', ${recoveryId})`,
      })
      .where(and(sql`${orders.settledAt} is null`, eq(orders.state, 'accepted')))
      .returning({ orderId: orders.id }),
)

/** Closes the switches of batches and plans that may make executed orders again. */
export const closeSources = statement('close_restored_sources', {}, (db) =>
  db.select({ closed: sql<number>`close_restored_sources()` }).from(sql`(select 1) one`),
)

/** Whether what a recovery closed is still closed. */
export const findRecoveryClosing = statement('find_recovery_closing', {}, (db) =>
  db
    .select({ closingId: switchClosings.id })
    .from(switchClosings)
    .where(and(sql`${switchClosings.openedAt} is null`, eq(switchClosings.closedBy, 'recovery')))
    .limit(1),
)

/** This database becomes the one that is remembered. The trigger asks whether every such order is held. */
export const adoptIdentity = statement('adopt_database_identity', {}, (db) =>
  db
    .update(databaseIdentity)
    .set({ identity: sql`this_database()`, foundAt: null, aliveAt: sql`clock_timestamp()` })
    .returning({ identity: databaseIdentity.identity }),
)

/** Recoveries, the newest first. */
export const listRecoveries = statement('list_recoveries', { limit: type.integer }, (db, { limit }) =>
  db
    .select({
      recoveryId: recoveries.id,
      aliveAt: recoveries.aliveAt,
      foundAt: recoveries.foundAt,
      recoveredAt: recoveries.recoveredAt,
      recoveredBy: recoveries.recoveredBy,
      note: recoveries.note,
      isGapCovered: sql<boolean>`is_gap_covered(${recoveries.id})`,
      held: sql<number>`(select count(*)::int from ${orders} o where o.settled_at is null and o.state = 'held'
        and o.reason = 'restored' and (o.detail ->> 'recovery')::int = ${recoveries}.${columnName(recoveries.id)})`,
    })
    .from(recoveries)
    .orderBy(desc(recoveries.id))
    .limit(limitOf(limit)),
)

const isHeldBy = (recoveryId: unknown) =>
  and(
    sql`${orders.settledAt} is null`,
    eq(orders.state, 'held'),
    eq(orders.reason, 'restored'),
    sql`(${orders.detail} ->> 'recovery')::int = ${recoveryId}`,
  )
const mayHaveBeenExecuted = sql<boolean>`may_have_been_executed(${orders}, (${orders.detail} ->> 'recovery')::int)`

/** The orders that a recovery holds, and of how many a statement may have the transaction. */
export const countRestored = statement(
  'count_restored_orders',
  { recoveryId: recoveries.id },
  (db, { recoveryId }) =>
    db
      .select({
        held: sql<number>`count(*)::int`,
        maybeExecuted: sql<number>`(count(*) filter (where ${mayHaveBeenExecuted}))::int`,
        isGapCovered: sql<boolean>`is_gap_covered(${recoveryId})`,
      })
      .from(orders)
      .where(isHeldBy(recoveryId)),
)

/** Lets those go that no statement may have. The trigger of orders checks each of them again. */
export const releaseRestored = statement(
  'release_restored_orders',
  { recoveryId: recoveries.id, actor: orders.actor, requestId: type.integer },
  (db, { recoveryId, actor, requestId }) =>
    db
      .update(orders)
      .set({
        state: 'accepted',
        reason: 'restored_released',
        actor,
        detail: sql`jsonb_build_object('recovery', ${recoveryId}, 'request', ${requestId})`,
        wakeAt: sql`now()`,
      })
      .where(and(isHeldBy(recoveryId), sql`not ${mayHaveBeenExecuted}`))
      .returning({ orderId: orders.id }),
)

/** Which database this is, which one is remembered, and when either was last seen alive. */
export const readIdentity = statement('read_database_identity', {}, (db) =>
  db
    .select({
      identity: databaseIdentity.identity,
      here: sql<string>`this_database()`,
      aliveAt: databaseIdentity.aliveAt,
      foundAt: databaseIdentity.foundAt,
    })
    .from(databaseIdentity),
)
