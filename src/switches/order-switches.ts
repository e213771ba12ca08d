import { cacheFor } from '../core/cache.ts'
import { coalesce } from '../core/coalesce.ts'
import type { OrderSwitches, SwitchSweep } from '../orders/ports.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { readAnyClosed } from './queries.ts'
import { endWaits, letDueWait, waitForSwitches } from './waits.ts'

/** How long a worker goes by what it read: only quotes depend on it, the fence asks by itself. */
const FRESH_MS = 500

/** Orders in one statement. */
const MOST = 100

/** The switches as workers ask about them. Orders that begin to wait at the same time share a statement. */
export function createOrderSwitches(runner: StatementRunner, monotonicMs: () => number): OrderSwitches {
  return {
    isAnyClosed: cacheFor(
      async () => (await readAnyClosed(runner, {}))[0]?.isAnyClosed === true,
      FRESH_MS,
      monotonicMs,
    ),
    waitFor: coalesce(MOST, async (orderIds: readonly string[]) => {
      const waiting = await waitForSwitches(runner, { orderIds: [...new Set(orderIds)] })
      const scopes = new Map(waiting.map(({ orderId, scope }) => [orderId, scope]))
      return orderIds.map((orderId) => scopes.get(orderId) ?? null)
    }),
  }
}

/** The switches as the sweeper keeps them. */
export function createSwitchSweep(
  runner: StatementRunner,
  rememberDatabase: SwitchSweep['rememberDatabase'],
): SwitchSweep {
  return {
    rememberDatabase,
    letDueWait: async (limit) => idsOf(await letDueWait(runner, { limit })),
    endWaits: async (againMs, limit) => idsOf(await endWaits(runner, { againMs, limit })),
  }
}

const idsOf = (rows: readonly { readonly orderId: string }[]) => rows.map(({ orderId }) => orderId)
