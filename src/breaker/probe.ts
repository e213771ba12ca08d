import type { Log } from '../core/log.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import { isSuccess, type NextStep, nextStep, type TripFacts } from './probes.ts'
import { type BreakerRules, pauseMs } from './rules.ts'
import {
  BREAKER,
  chooseProbe,
  countSuccess,
  endProbe,
  openByProbes,
  pauseTrip,
  readTrips,
  type TripRow,
  TURN,
  takeTurn,
} from './store.ts'

/**
 * Takes each closing of the breaker one step further: ends its probe, pauses it, opens it, or chooses the order that
 * probes next.
 * @returns the chosen orders, which the caller wakes
 */
export async function probeClosings(database: Transactor, rules: BreakerRules, log: Log): Promise<string[]> {
  return await database.transaction(async (runner) => {
    const [turn] = await takeTurn(runner, { turn: TURN.probe })
    if (turn?.isMine !== true) return []
    const chosen: string[] = []
    for (const trip of await readTrips(runner, {})) {
      const orderId = await takeStep(runner, trip, nextStep(factsOf(trip), rules.slowMs), rules, log)
      if (orderId !== null) chosen.push(orderId)
    }
    return chosen
  })
}

function factsOf({
  breach,
  successes,
  isPaused,
  orderId,
  ageMs,
  state,
  isHeld,
  outcome,
  replyMs,
}: TripRow): TripFacts {
  const probe = orderId === null ? null : { ageMs, state, isHeld, outcome, replyMs }
  return { breach, successes, isPaused, probe }
}

async function takeStep(
  runner: StatementRunner,
  trip: TripRow,
  step: NextStep,
  rules: BreakerRules,
  log: Log,
): Promise<string | null> {
  const { closingId, scope, breach, pauses } = trip
  switch (step.is) {
    case 'wait':
      return null
    case 'choose': {
      const [row] = await chooseProbe(runner, { closingId })
      const orderId = row?.orderId ?? null
      if (orderId !== null) log.info({ scope, order_id: orderId }, 'breaker: one order probes')
      return orderId
    }
    case 'end_probe': {
      const { outcome, next } = step
      await endProbe(runner, { closingId, outcome })
      log.info({ scope, outcome, next }, 'breaker: probe ended')
      if (isSuccess(breach, outcome)) await countSuccess(runner, { closingId })
      if (next === 'pause') await pauseTrip(runner, { closingId, pauseMs: pauseMs(rules, pauses + 1) })
      if (next === 'open') {
        await openByProbes(runner, { closingId, openedBy: BREAKER })
        log.warn({ scope }, 'breaker: two probes succeeded, switch opened')
      }
      return null
    }
  }
}
