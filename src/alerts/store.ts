import { and, asc, eq, inArray, or, sql } from 'drizzle-orm'
import { nullable, statement, type } from '../postgres/statement.ts'
import { alerts } from './schema.ts'

const milliseconds = (count: unknown) => sql`${count} * interval '1 millisecond'`

/** Claims the alert that is due first, for the length of a lease. A sender that dies leaves it due again. */
export const claimAlert = statement('claim_alert', { leaseMs: type.float }, (db, { leaseMs }) => {
  const due = db
    .select({ id: alerts.id })
    .from(alerts)
    .where(and(sql`${alerts.state} = 'pending'`, sql`${alerts.nextAt} <= now()`))
    .orderBy(asc(alerts.nextAt))
    .limit(1)
    .for('update', { skipLocked: true })
  return db
    .update(alerts)
    .set({ tries: sql`${alerts.tries} + 1`, nextAt: sql`now() + ${milliseconds(leaseMs)}` })
    .where(inArray(alerts.id, due))
    .returning({
      id: alerts.id,
      kind: alerts.kind,
      at: alerts.at,
      facts: alerts.facts,
      try: alerts.tries,
      claimedAt: sql<Date>`now()`.mapWith(alerts.at),
    })
})

export type ClaimedAlert = Awaited<ReturnType<typeof claimAlert>>[number]

/** Records a try. One whose lease has ended decides only when the receiver has accepted the alert. */
export const recordAlertTry = statement(
  'record_alert_try',
  {
    id: alerts.id,
    try: alerts.tries,
    state: alerts.state,
    delayMs: nullable(type.float),
    result: type.text,
  },
  (db, { id, try: number, state, delayMs, result }) =>
    db
      .update(alerts)
      .set({
        state,
        lastResult: result,
        nextAt: sql`coalesce(now() + ${milliseconds(delayMs)}, ${alerts.nextAt})`,
        endedAt: sql`case when ${state} <> 'pending' then now() end`,
      })
      .where(
        and(
          eq(alerts.id, id),
          sql`${alerts.state} = 'pending'`,
          or(eq(alerts.tries, number), sql`${state} = 'delivered'`),
        ),
      ),
)
