import type { Log } from '../core/log.ts'
import { type PeriodicTask, runEvery } from '../core/periodic-task.ts'
import type { Claim } from './deliveries.ts'
import type { TryResult } from './record-try.ts'

export interface SenderDeps {
  /** Active endpoints that have a delivery due. */
  due(): Promise<readonly { endpointId: number; isFailing: boolean }[]>
  /** Claims an endpoint's next delivery; null when none is due. */
  claim(endpointId: number): Promise<Claim | null>
  deliver(claim: Claim): Promise<TryResult>
  readonly log: Log
}

export interface SenderPace {
  readonly lookEveryMs: number
  /** Concurrent sends to one endpoint; one while it fails, so that it is not overloaded when it recovers. */
  readonly lanesPerEndpoint: number
  /** Concurrent sends in all. Every endpoint still gets one beyond it, so that slow endpoints do not delay others. */
  readonly lanes: number
}

/**
 * Polls for due deliveries. A lane claims and sends an endpoint's deliveries one after the other until none is due or one
 * fails, so a slow endpoint holds only its own lanes.
 */
export function startSender(pace: SenderPace, deps: SenderDeps): PeriodicTask {
  const lanes = new Map<number, Set<Promise<void>>>()
  const countOf = (endpointId: number) => lanes.get(endpointId)?.size ?? 0
  const all = () => [...lanes.values()].flatMap((each) => [...each])
  let isStopped = false

  const runLane = async (endpointId: number) => {
    while (!isStopped) {
      const claim = await deps.claim(endpointId)
      if (claim === null) return
      const { following } = await deps.deliver(claim)
      if (following.is !== 'delivered') return
    }
  }
  const openLane = (endpointId: number) => {
    const ofEndpoint = lanes.get(endpointId) ?? new Set()
    lanes.set(endpointId, ofEndpoint)
    const lane = runLane(endpointId)
      // Postgres was not reachable. A claimed delivery is due again when its lease is over.
      .catch((error) =>
        deps.log.warn({ err: error, endpoint: endpointId }, 'webhook lane stopped, tried again'),
      )
      .finally(() => {
        ofEndpoint.delete(lane)
        if (ofEndpoint.size === 0) lanes.delete(endpointId)
      })
    ofEndpoint.add(lane)
  }
  const look = async () => {
    const due = await deps.due()
    if (isStopped) return
    for (const { endpointId } of due) if (countOf(endpointId) === 0) openLane(endpointId)
    for (const { endpointId } of due.filter(({ isFailing }) => !isFailing))
      while (countOf(endpointId) < pace.lanesPerEndpoint && all().length < pace.lanes) openLane(endpointId)
  }
  const looking = runEvery(pace.lookEveryMs, look, (error) =>
    deps.log.warn({ err: error }, 'due webhooks not read, tried again'),
  )
  return {
    async stop() {
      isStopped = true
      await looking.stop()
      await Promise.all(all())
    },
  }
}
