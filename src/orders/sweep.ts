import type { Log } from '../core/log.ts'
import type { SweepStore } from './ports.ts'

/** Rows one sweep takes of each kind: a backlog is worked off over several sweeps. */
export const SWEEP_LIMIT = 500

export interface SweepDeps {
  readonly store: SweepStore
  /** Asks the queue to bring these orders back. */
  wake(orderIds: readonly string[]): Promise<void>
  /** The same for orders whose turn in their wallets has come, however lately the queue had them. */
  wakeNext(orderIds: readonly string[]): Promise<void>
  readonly sendDeadlineMs: number
  /** A woken order is not woken again within this time. */
  readonly wakeAgainMs: number
  readonly actor: string
  readonly log: Log
}

export interface Sweep {
  readonly doubted: number
  readonly expired: number
  readonly woken: number
}

/** What time alone may do: overdue intents become doubts, deadlines pass, forgotten orders are woken, and those whose turn has come. */
export async function sweepOrders(deps: SweepDeps): Promise<Sweep> {
  const { store, actor, sendDeadlineMs, wakeAgainMs, log } = deps
  const doubted = await store.doubtOverdueIntents(sendDeadlineMs, actor, SWEEP_LIMIT)
  for (const order_id of doubted)
    log.warn({ order_id }, 'in doubt: its worker ended without recording a reply')
  const expired = await store.expireOverdue(actor, SWEEP_LIMIT)
  const next = await store.takeTurns(wakeAgainMs, SWEEP_LIMIT)
  if (next.length > 0) await deps.wakeNext(next)
  const forgotten = await store.takeForgotten(wakeAgainMs, SWEEP_LIMIT)
  if (forgotten.length > 0) await deps.wake(forgotten)
  return { doubted: doubted.length, expired: expired.length, woken: next.length + forgotten.length }
}
