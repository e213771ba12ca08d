import type { Log } from '../core/log.ts'
import type { SweepStore, SwitchSweep } from './ports.ts'

/** Rows one sweep takes of each kind: a backlog is worked off over several sweeps. */
export const SWEEP_LIMIT = 500

/** A switch may have 100,000 orders waiting: one sweep takes up to this many times the limit of them. */
const PORTIONS_OF_WAITING = 20

export interface SweepDeps {
  readonly store: SweepStore
  readonly switches: SwitchSweep
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

/**
 * What time alone may do: overdue intents become doubts, deadlines pass, forgotten orders are woken, and those that a
 * switch held until it was opened, and those whose turn in their wallet has come.
 */
export async function sweepOrders(deps: SweepDeps): Promise<Sweep> {
  const { store, actor, sendDeadlineMs, wakeAgainMs, log } = deps
  if (await deps.switches.rememberDatabase())
    log.error({}, 'this database was restored or promoted: nothing is sent before `goldpro recover`')
  const doubted = await store.doubtOverdueIntents(sendDeadlineMs, actor, SWEEP_LIMIT)
  for (const order_id of doubted)
    log.warn({ order_id }, 'in doubt: its worker ended without recording a reply')
  // First: an order whose deadline stands still is not to expire, and those that wait are not to be woken.
  await inPortions(async () => (await deps.switches.letDueWait(SWEEP_LIMIT)).length)
  const opened = await wakeOpened(deps)
  const expired = await store.expireOverdue(actor, SWEEP_LIMIT)
  const next = await store.takeTurns(wakeAgainMs, SWEEP_LIMIT)
  if (next.length > 0) await deps.wakeNext(next)
  const forgotten = await store.takeForgotten(wakeAgainMs, SWEEP_LIMIT)
  if (forgotten.length > 0) await deps.wake(forgotten)
  return { doubted: doubted.length, expired: expired.length, woken: opened + next.length + forgotten.length }
}

async function wakeOpened({ switches, wake, wakeAgainMs }: SweepDeps): Promise<number> {
  return await inPortions(async () => {
    const opened = await switches.endWaits(wakeAgainMs, SWEEP_LIMIT)
    if (opened.length > 0) await wake(opened)
    return opened.length
  })
}

/** Repeats a step until it finds less than it may take. Returns what it took in all. */
async function inPortions(take: () => Promise<number>): Promise<number> {
  let count = 0
  for (let portion = 0; portion < PORTIONS_OF_WAITING; portion += 1) {
    const taken = await take()
    count += taken
    if (taken < SWEEP_LIMIT) break
  }
  return count
}
