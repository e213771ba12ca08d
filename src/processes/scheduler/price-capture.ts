import type { Log } from '../../core/log.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { type Clock, databaseClock } from '../../postgres/clock.ts'
import { withSession } from '../../postgres/session.ts'
import { type ChartAnswer, capturePrices, type Side } from '../../prices/capture.ts'

/** The configuration of capturing prices. */
export interface PriceCaptureOptions {
  readonly databaseUrl: string
  /** Asks the gateway. */
  readonly chart: (side: Side) => Promise<ChartAnswer>
  readonly log: Log
  /** Default: the database's clock. */
  readonly clock?: Clock
  readonly everyMs?: number
}

const LOOK_EVERY_MS = 15 * 60_000

/** Captures prices once a day. A failed capture is tried again. */
export function startPriceCapture(parts: PriceCaptureOptions): PeriodicTask {
  const { databaseUrl, chart, log, clock = databaseClock, everyMs = LOOK_EVERY_MS } = parts
  const look = async () => {
    const outcomes = await withSession(databaseUrl, async (session) =>
      capturePrices(session, { now: await clock(session), chart }),
    )
    for (const outcome of outcomes) {
      const { is, side } = outcome
      if (is === 'captured') log.info({ side, days: outcome.days }, 'prices captured')
      else log.warn({ side, message: outcome.message }, 'prices not captured, tried again')
    }
  }
  return runEvery(everyMs, look, (error) => log.warn({ err: error }, 'prices not captured, tried again'))
}
