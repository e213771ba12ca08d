import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { orders } from '../../orders/schema.ts'
import type { Session } from '../../postgres/session.ts'
import { nullable, statement, type } from '../../postgres/statement.ts'
import { breakEvents } from '../breaks-schema.ts'
import type { RunCounts } from '../run-counts.ts'
import { reconRuns } from '../runs-schema.ts'
import type { Changes, RunChanges, Work } from './report.ts'
import { shownName } from './shown-name.ts'

// Of the third last run only the end is read: the work before the second last run begins there.
const selectLastRuns = statement('read_last_runs', {}, (db) => {
  const lastRuns = db
    .select()
    .from(reconRuns)
    .where(isNotNull(reconRuns.finishedAt))
    .orderBy(desc(reconRuns.finishedAt), desc(reconRuns.id))
    .limit(3)
    .as('last_runs')
  return db
    .select({
      runId: sql<string>`${lastRuns.id}::text`,
      finishedAt: sql<Date>`${lastRuns.finishedAt}`.mapWith(reconRuns.finishedAt),
      from: lastRuns.periodFrom,
      to: lastRuns.periodTo,
      actor: lastRuns.actor,
      counts: sql<RunCounts>`${lastRuns.counts}`,
      since:
        sql<Date | null>`lag(${lastRuns.finishedAt}) over (order by ${lastRuns.finishedAt}, ${lastRuns.id})`.mapWith(
          reconRuns.finishedAt,
        ),
    })
    .from(lastRuns)
    .orderBy(desc(lastRuns.finishedAt), desc(lastRuns.id))
    .limit(2)
})

const countWork = statement(
  'read_work',
  { since: nullable(type.time), until: nullable(type.time) },
  (db, { since, until }) => {
    const isBetween = (moment: PgColumn) =>
      sql`${moment} > coalesce(${since}, '-infinity') and ${moment} <= coalesce(${until}, 'infinity')`
    const writeOffs = db
      .select({ count: sql<number>`count(*)::int`.as('write_off_count') })
      .from(breakEvents)
      .where(and(eq(breakEvents.reason, 'written_off'), isBetween(breakEvents.at)))
      .as('write_offs')
    const settled = (state: 'succeeded' | 'rejected') =>
      sql<number>`count(*) filter (where ${orders.state} = ${state})::int`.as(`${state}_count`)
    const settledOrders = db
      .select({ succeeded: settled('succeeded'), rejected: settled('rejected') })
      .from(orders)
      .where(and(inArray(orders.reason, ['late_reply', 'resolved_by_person']), isBetween(orders.settledAt)))
      .as('settled_orders')
    return db
      .select({
        writtenOff: writeOffs.count,
        settledOtherwise: { succeeded: settledOrders.succeeded, rejected: settledOrders.rejected },
      })
      .from(writeOffs)
      .crossJoin(settledOrders)
  },
)

/** What was done between two moments. Null: from the beginning, or until now. */
async function readWork(session: Session, since: Date | null, until: Date | null): Promise<Work> {
  const [work] = await countWork(session, { since, until })
  if (work === undefined) throw new Error('work without a row')
  return work
}

/** Reads the last two finished runs, and what was done since. */
export async function readChanges(session: Session): Promise<Changes> {
  const [last, before] = await selectLastRuns(session, {})
  const changesOf = async (row: typeof last): Promise<RunChanges | null> => {
    if (row === undefined) return null
    const { runId, finishedAt, from, to, actor, counts, since } = row
    const work = await readWork(session, since, finishedAt)
    return { runId, finishedAt, period: { from, to }, actor: shownName(actor), counts, ...work }
  }
  return {
    last: await changesOf(last),
    before: await changesOf(before),
    sinceLast: last === undefined ? null : await readWork(session, last.finishedAt, null),
  }
}
