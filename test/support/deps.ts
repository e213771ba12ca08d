import { randomUUID } from 'node:crypto'
import type { Log } from '../../src/core/log.ts'
import type { OrderDeps } from '../../src/orders/deps.ts'
import type { OrderGateway } from '../../src/orders/gateway-port.ts'
import type { CheckoutOutcome, ConfirmOutcome, Quote } from '../../src/orders/outcomes.ts'
import type { OrderStore, OrderSwitches } from '../../src/orders/ports.ts'
import { aQuote, outcomes } from './factories/stored-orders.ts'

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A gateway that answers from a script and remembers every confirm it was sent. */
export interface ScriptedGateway extends OrderGateway {
  readonly confirmed: string[]
  checkouts: number
}

type Scripted<T, A extends unknown[]> = T | ((...args: A) => T | Promise<T>)

/** Each call takes the next entry; the last entry repeats. */
export function scriptedGateway(script: {
  checkouts?: Scripted<CheckoutOutcome, []>[]
  confirms?: Scripted<ConfirmOutcome, [Quote]>[]
}): ScriptedGateway {
  const checkouts = script.checkouts ?? [() => ({ is: 'quoted', quote: aQuote() })]
  const confirms = script.confirms ?? [() => outcomes.succeeded]
  const confirmed: string[] = []
  return {
    confirmed,
    checkouts: 0,
    async checkout() {
      const entry = at(checkouts, this.checkouts)
      this.checkouts += 1
      return typeof entry === 'function' ? await entry() : entry
    },
    async confirm(_command, quote) {
      const entry = at(confirms, confirmed.length)
      confirmed.push(quote.quoteId)
      return typeof entry === 'function' ? await entry(quote) : entry
    },
  }
}

function at<T>(script: T[], position: number): T {
  const entry = script[Math.min(position, script.length - 1)]
  if (entry === undefined) throw new Error('an empty script')
  return entry
}

/** Clocks that tests move, together or apart; pauses move both and take no time. */
export function testClock() {
  const clock = { nowMs: performance.now(), wallMs: Date.now(), pauses: 0 }
  return {
    clock,
    monotonicMs: () => clock.nowMs,
    wallMs: () => clock.wallMs,
    pause: async (ms: number) => {
      clock.nowMs += ms
      clock.wallMs += ms
      clock.pauses += 1
    },
  }
}

/** No switch was ever closed. */
export const NO_SWITCHES: OrderSwitches = { isAnyClosed: async () => false, waitFor: async () => null }

export function testEffects(
  store: OrderStore,
  gateway: OrderGateway,
  overrides: Partial<OrderDeps> = {},
): OrderDeps {
  const { monotonicMs, wallMs, pause } = testClock()
  return {
    store,
    gateway,
    switches: NO_SWITCHES,
    policy: { maxRequotes: 3, maxQuoteFee: null, quoteMaxAgeMs: 10_000, sendDeadlineMs: 20_000 },
    actor: 'worker:test',
    monotonicMs,
    wallMs,
    pause,
    random: () => 0.5,
    newId: randomUUID,
    stopping: new AbortController().signal,
    log: silentLog,
    ...overrides,
  }
}
