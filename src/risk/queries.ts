import { asc, eq, inArray, sql } from 'drizzle-orm'
import { opsBatches } from '../batches/views-schema.ts'
import { limitOf, statement, type } from '../postgres/statement.ts'
import { webhookDeliveries, webhookEndpoints } from '../webhooks/schema.ts'
import { RISK_NAMES, type Risk } from './enums.ts'
import { overdueRules } from './schema.ts'
import { atRisk, opsProcesses } from './views-schema.ts'

export const selectNow = statement('read_status_clock', {}, (db) =>
  db.select({ now: sql<Date>`now()`.mapWith(atRisk.since) }).from(overdueRules),
)

const inReadingOrder = sql`array_position(array[${sql.raw(RISK_NAMES.map((name) => `'${name}'`).join(', '))}], ${atRisk.what})`

/** Counts and sums what is at risk, by what it is. */
export const sumRisks = statement('sum_at_risk', {}, (db) =>
  db
    .select({
      what: sql<Risk>`${atRisk.what}`,
      count: sql<number>`count(*)::int`,
      overdue: sql<number>`count(*) filter (where ${atRisk.overdue})::int`,
      rupiah: sql<string>`sum(${atRisk.rupiah})::text`,
      grams: sql<string>`sum(${atRisk.grams})::numeric(30, 4)::text`,
      oldest: sql<Date>`min(${atRisk.since})`.mapWith(atRisk.since),
      nextDueAt: sql<Date | null>`min(${atRisk.dueAt})`.mapWith(atRisk.dueAt),
    })
    .from(atRisk)
    .groupBy(atRisk.what)
    .orderBy(inReadingOrder),
)

/** What is due first, one by one. */
export const selectFirstDue = statement('read_first_due', { limit: type.integer }, (db, { limit }) =>
  db
    .select({
      what: atRisk.what,
      id: atRisk.id,
      partner: atRisk.partner,
      reference: atRisk.reference,
      reason: atRisk.reason,
      rupiah: sql<string>`${atRisk.rupiah}::text`,
      grams: sql<string>`${atRisk.grams}::text`,
      since: atRisk.since,
      owner: atRisk.owner,
      dueAt: atRisk.dueAt,
      overdue: atRisk.overdue,
      settledBy: atRisk.settledBy,
    })
    .from(atRisk)
    // A literal: the other parts of the view are then not even planned.
    .where(sql`${atRisk.what} not in ('waiting', 'in_flight')`)
    .orderBy(sql`${atRisk.dueAt} asc nulls last`, asc(atRisk.id))
    .limit(limitOf(limit)),
)

/** Paused endpoints with what waits for them. */
export const selectEndpoints = statement('read_paused_endpoints', {}, (db) =>
  db
    .select({
      endpointId: webhookEndpoints.id,
      partner: webhookEndpoints.partner,
      because: webhookEndpoints.pausedBecause,
      since: webhookEndpoints.stateSince,
      pending: sql<number>`(select count(*)::int from ${webhookDeliveries}
        where ${webhookDeliveries.endpointId} = ${webhookEndpoints.id} and ${webhookDeliveries.state} = 'pending')`,
    })
    .from(webhookEndpoints)
    .where(eq(webhookEndpoints.state, 'paused'))
    .orderBy(asc(webhookEndpoints.id)),
)

/** Batches that run or are paused, and approved ones that have not begun. */
export const selectBatches = statement('read_batches_under_way', { limit: type.integer }, (db, { limit }) =>
  db
    .select({
      batchId: opsBatches.batchId,
      state: opsBatches.state,
      rows: opsBatches.rows,
      ended: opsBatches.ended,
      failed: opsBatches.failed,
    })
    .from(opsBatches)
    .where(inArray(opsBatches.state, ['running', 'paused', 'approved']))
    .orderBy(asc(opsBatches.batchId))
    .limit(limitOf(limit)),
)

export const selectProcesses = statement('read_processes', {}, (db) =>
  db
    .select({
      kind: opsProcesses.kind,
      name: opsProcesses.name,
      seenAt: opsProcesses.seenAt,
      silent: opsProcesses.silent,
    })
    .from(opsProcesses)
    .orderBy(asc(opsProcesses.kind), asc(opsProcesses.name)),
)
