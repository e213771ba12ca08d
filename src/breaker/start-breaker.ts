import type { Log } from '../core/log.ts'
import { type PeriodicTask, runEvery } from '../core/periodic-task.ts'
import type { OrderStore } from '../orders/ports.ts'
import type { Transactor } from '../postgres/pool.ts'
import { evaluateBreaker } from './evaluate.ts'
import { probeClosings } from './probe.ts'
import type { BreakerRules } from './rules.ts'

export interface BreakerDeps {
  readonly database: Transactor
  readonly rules: BreakerRules
  /** Asks the queue to bring these orders back. */
  wake(orderIds: readonly string[]): Promise<void>
  /** Milliseconds of a clock that is never set. */
  monotonicMs(): number
  readonly log: Log
  readonly everyMs?: number
}

export interface RunningBreaker extends PeriodicTask {
  /** The same store; the breaker looks sooner after verdicts that are bad news. */
  watch(store: OrderStore): OrderStore
}

const EVERY_MS = 1_000
/** How long figures may go unlooked at while this process records no bad news: others may, and workers may have died. */
const QUIET_EVERY_MS = 10_000
/** A look that takes long, because the window has many confirms, takes at most this part of the time. */
const SHARE_OF_TIME = 0.1
const QUIET_SHARE_OF_TIME = 0.01

/**
 * Watches confirms from within a worker, so that a breach acts within seconds and needs no scheduler: figures are read a
 * second after a doubt or a refusal was recorded here, else every ten seconds.
 */
export function startBreaker(deps: BreakerDeps): RunningBreaker {
  const { database, rules, wake, monotonicMs, log, everyMs = EVERY_MS } = deps
  let hasBadNews = false
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let tookMs = 0
  const isDue = () => {
    const restMs = hasBadNews
      ? tookMs / SHARE_OF_TIME
      : Math.max(QUIET_EVERY_MS, tookMs / QUIET_SHARE_OF_TIME)
    return monotonicMs() - lookedAtMs >= restMs
  }
  const look = async () => {
    hasBadNews = false
    const startedMs = monotonicMs()
    const closed = await evaluateBreaker(database, rules, log)
    if (closed === null) hasBadNews = true
    lookedAtMs = monotonicMs()
    tookMs = lookedAtMs - startedMs
  }
  const work = async () => {
    if (isDue()) await look()
    const chosen = await probeClosings(database, rules, log)
    if (chosen.length > 0) await wake(chosen)
  }
  const running = runEvery(everyMs, work, (error) => {
    hasBadNews = true
    log.warn({ err: error }, 'breaker: not looked, tried again')
  })
  return {
    stop: () => running.stop(),
    watch: (store) => ({
      ...store,
      async endIntents(verdicts, actor) {
        const ended = await store.endIntents(verdicts, actor)
        hasBadNews ||= ended.some(({ state }) => state === 'in_doubt' || state === 'rejected')
        return ended
      },
    }),
  }
}
