import { setTimeout as pause } from 'node:timers/promises'
import type { StatementRunner } from '../postgres/pool.ts'
import { countConfirmsOut } from './queries.ts'
import { formatScope, type SwitchScope } from './scope.ts'

/** The confirms that were sent before a closing and have not ended. */
export interface ConfirmsOut {
  readonly confirms: number
  /** Digits: the sum of their quotes. */
  readonly rupiah: string
}

const LOOK_EVERY_MS = 250

/**
 * Waits until the confirms within a scope have ended, or the time is over. Nothing joins them once the switch is closed.
 * @param onChange called with the first count and with every other one
 */
export async function awaitConfirms(
  runner: StatementRunner,
  scope: SwitchScope,
  withinMs: number,
  onChange: (out: ConfirmsOut) => void,
): Promise<ConfirmsOut> {
  const until = performance.now() + withinMs
  let shown = -1
  for (;;) {
    const [out = { confirms: 0, rupiah: '0' }] = await countConfirmsOut(runner, { scope: formatScope(scope) })
    if (out.confirms !== shown) onChange(out)
    shown = out.confirms
    if (out.confirms === 0 || performance.now() >= until) return out
    await pause(LOOK_EVERY_MS)
  }
}
