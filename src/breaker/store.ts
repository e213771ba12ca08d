import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { attempts, orders } from '../orders/schema.ts'
import { statement, type } from '../postgres/statement.ts'
import { switchClosings } from '../switches/schema.ts'
import type { FigureRow } from './figures.ts'
import { breakerProbes, breakerTrips } from './schema.ts'

/** Who closes and opens, as the switches name it. */
export const BREAKER = 'breaker'

/** What one process at a time does. Others skip it. */
export const TURN = { look: 1, probe: 2 } as const

export const takeTurn = statement('take_breaker_turn', { turn: type.integer }, (db, { turn }) =>
  db.select({ isMine: sql<boolean>`mine` }).from(sql`pg_try_advisory_xact_lock(470218, ${turn}) as mine`),
)

/** The confirms of the window, by scope, outcome and reason. */
export const readFigures = statement(
  'read_breaker_figures',
  { windowSeconds: type.integer, slowMs: type.integer },
  (db, { windowSeconds, slowMs }) =>
    db
      .select({
        scope: sql<string>`f.scope`,
        outcome: sql<string>`f.outcome`,
        reason: sql<string>`f.reason`,
        count: sql<number>`f.confirms`,
        slow: sql<number>`f.slow_replies`,
        rupiah: sql<FigureRow['rupiah']>`f.rupiah`.mapWith(BigInt),
        /** In 0.0001 g. */
        grams: sql<number>`(f.grams * 10000)::float8`,
      })
      .from(
        sql`breaker_figures(${windowSeconds} * interval '1 second', ${slowMs} * interval '1 millisecond') as f`,
      ),
)

/** The scopes that are closed now. */
export const readClosedScopes = statement('read_closed_scopes', {}, (db) =>
  db.select({ scope: switchClosings.scope }).from(switchClosings).where(isNull(switchClosings.openedAt)),
)

/** How many pauses the last closing of a scope had come to, when it was opened less than an hour ago; else none. */
export const readLastPauses = statement(
  'read_last_pauses',
  { scope: switchClosings.scope },
  (db, { scope }) =>
    db
      .select({ pauses: sql<number>`max(${breakerTrips.pauses})::int` })
      .from(breakerTrips)
      .innerJoin(switchClosings, eq(switchClosings.id, breakerTrips.closingId))
      .where(
        and(
          eq(switchClosings.scope, scope),
          eq(switchClosings.openedBy, BREAKER),
          sql`${switchClosings.openedAt} > now() - interval '1 hour'`,
        ),
      ),
)

export const insertTrip = statement(
  'trip_breaker',
  {
    closingId: breakerTrips.closingId,
    breach: breakerTrips.breach,
    figures: breakerTrips.figures,
    pauses: breakerTrips.pauses,
    pauseMs: type.float,
    probeRupiah: breakerTrips.probeRupiah,
    probeGrams: breakerTrips.probeGrams,
  },
  (db, { pauseMs, ...trip }) =>
    db
      .insert(breakerTrips)
      .values({ ...trip, pausedUntil: sql`now() + ${pauseMs} * interval '1 millisecond'` }),
)

/** The breaker's closings that it may open, each with its probe and what became of it. */
export const readTrips = statement('read_breaker_trips', {}, (db) => {
  const newest = db
    .select({
      outcome: attempts.outcome,
      replyMs: sql<
        number | null
      >`extract(epoch from ${attempts.endedAt} - ${attempts.intentAt})::float8 * 1000`.as('reply_ms'),
    })
    .from(attempts)
    .where(
      and(
        eq(attempts.orderId, breakerProbes.orderId),
        // Every earlier attempt had ended when the order was chosen. The statement of this intent may have begun before that.
        sql`(${attempts.endedAt} is null or ${attempts.endedAt} >= ${breakerProbes.chosenAt})`,
      ),
    )
    .orderBy(sql`${attempts.seq} desc`)
    .limit(1)
    .as('newest')
  const closed = sql`(select array_agg(c.scope) from ${switchClosings} c where c.opened_at is null)`
  return db
    .select({
      closingId: breakerTrips.closingId,
      scope: switchClosings.scope,
      breach: breakerTrips.breach,
      pauses: breakerTrips.pauses,
      successes: breakerTrips.successes,
      isPaused: sql<boolean>`${breakerTrips.pausedUntil} > clock_timestamp()`,
      orderId: sql<string | null>`${breakerProbes.orderId}`,
      ageMs: sql<number>`extract(epoch from clock_timestamp() - ${breakerProbes.chosenAt})::float8 * 1000`,
      state: sql<string>`${orders.state}`,
      isHeld: sql<boolean>`holding_switch(${closed}, ${orders.id}, ${orders.kind}, ${orders.partner}) is not null`,
      outcome: sql<string | null>`${newest.outcome}`,
      replyMs: sql<number | null>`${newest.replyMs}`,
    })
    .from(breakerTrips)
    .innerJoin(switchClosings, eq(switchClosings.id, breakerTrips.closingId))
    .leftJoin(
      breakerProbes,
      and(eq(breakerProbes.closingId, breakerTrips.closingId), isNull(breakerProbes.endedAt)),
    )
    .leftJoin(orders, eq(orders.id, breakerProbes.orderId))
    .leftJoinLateral(newest, sql`true`)
    .where(and(isNull(switchClosings.openedAt), isNull(switchClosings.keptClosedBy)))
    .orderBy(asc(breakerTrips.closingId))
})
export type TripRow = Awaited<ReturnType<typeof readTrips>>[number]

export const endProbe = statement(
  'end_breaker_probe',
  {
    closingId: breakerProbes.closingId,
    outcome: breakerProbes.outcome,
  },
  (db, { closingId, outcome }) =>
    db
      .update(breakerProbes)
      // The trigger takes the time.
      .set({ outcome, endedAt: sql`now()` })
      .where(and(eq(breakerProbes.closingId, closingId), isNull(breakerProbes.endedAt))),
)

export const countSuccess = statement(
  'count_probe_success',
  { closingId: breakerTrips.closingId },
  (db, { closingId }) =>
    db
      .update(breakerTrips)
      .set({ successes: sql`${breakerTrips.successes} + 1` })
      .where(eq(breakerTrips.closingId, closingId)),
)

export const pauseTrip = statement(
  'pause_breaker',
  { closingId: breakerTrips.closingId, pauseMs: type.float },
  (db, { closingId, pauseMs }) =>
    db
      .update(breakerTrips)
      .set({
        successes: 0,
        pauses: sql`${breakerTrips.pauses} + 1`,
        pausedUntil: sql`now() + ${pauseMs} * interval '1 millisecond'`,
      })
      .where(eq(breakerTrips.closingId, closingId)),
)

/** Chooses the order that probes a closing; null when none fits. */
export const chooseProbe = statement(
  'choose_breaker_probe',
  { closingId: breakerTrips.closingId },
  (db, { closingId }) =>
    db
      .select({ orderId: sql<string | null>`chosen` })
      .from(sql`choose_breaker_probe(${closingId}) as chosen`),
)

/** Opens the switch of a closing. The trigger demands the proof of the probes. */
export const openByProbes = statement(
  'open_by_probes',
  { closingId: switchClosings.id, openedBy: switchClosings.openedBy },
  (db, { closingId, openedBy }) =>
    db
      .update(switchClosings)
      .set({ openedAt: sql`now()`, openedBy })
      .where(
        and(
          eq(switchClosings.id, closingId),
          isNull(switchClosings.openedAt),
          isNull(switchClosings.keptClosedBy),
        ),
      )
      .returning({ scope: switchClosings.scope }),
)
