import { randomUUID } from 'node:crypto'
import { evaluateBreaker } from '../../../src/breaker/evaluate.ts'
import { probeClosings } from '../../../src/breaker/probe.ts'
import type { BreakerRules } from '../../../src/breaker/rules.ts'
import type { Quote } from '../../../src/orders/outcomes.ts'
import { createOrderSwitches } from '../../../src/switches/order-switches.ts'
import { silentLog } from '../deps.ts'
import { aConfirming, anAccepted, aQuote, openStores, outcomes } from '../factories/stored-orders.ts'
import { grams, rupiah } from '../servers/commands.ts'
import { createTestDatabase } from '../servers/postgres.ts'
import { unnamed } from '../unnamed.ts'

/** Small numbers, and a pause that is over at once. */
export const QUICK_RULES: BreakerRules = {
  windowSeconds: 300,
  minConfirms: 4,
  unknownPercent: 50,
  rupiahInDoubt: rupiah(100_000_000),
  gramsInDoubt: grams(100),
  rupiahPercent: 0,
  contradictionPercent: 5,
  refusalPercent: 0,
  slowMs: 600_000,
  slowPercent: 0,
  pauseSeconds: 0,
  maxPauseSeconds: 900,
  probeRupiah: rupiah(1_000_000),
  probeGrams: grams(1),
}

export interface ClosingRow {
  readonly id: number
  readonly scope: string
  readonly reason: string
  readonly closed_by: string
  readonly opened_by: string | null
  readonly kept_closed_by: string | null
}

/** A database in which confirms end as a test says, and a breaker looks when it says. */
export async function openBreakerScene() {
  const { databaseUrl, drop } = await createTestDatabase()
  const stores = openStores(databaseUrl)
  const { database, store } = stores
  const switches = createOrderSwitches(database, () => performance.now())
  const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
    database.run<Row>(unnamed(text), values)
  return {
    databaseUrl,
    ...stores,
    run,
    /** Confirms of buys of acme that end so. */
    async confirms(outcome: keyof typeof outcomes, count: number): Promise<void> {
      for (let n = 0; n < count; n += 1) {
        const intent = await aConfirming(stores)
        await store.endIntents([{ ...intent, outcome: outcomes[outcome] }], 'worker:test')
      }
    },
    evaluate: async (rules: Partial<BreakerRules> = {}) =>
      (await evaluateBreaker(database, { ...QUICK_RULES, ...rules }, silentLog)) ?? [],
    probe: (rules: Partial<BreakerRules> = {}) =>
      probeClosings(database, { ...QUICK_RULES, ...rules }, silentLog),
    /** An order that a closed switch holds. */
    async aWaiting(overrides: object = {}): Promise<string> {
      const orderId = await anAccepted(stores, 'buy', overrides)
      await switches.waitFor(orderId)
      return orderId
    },
    /** @returns the attempt that was committed; null when something held it */
    async commit(
      orderId: string,
      quote: Partial<Quote> = {},
    ): Promise<{ orderId: string; seq: number } | null> {
      const intent = { orderId, intentId: randomUUID(), quote: aQuote(quote) }
      const [committed] = await store.commitIntents([intent], 'worker:test')
      return committed === undefined ? null : { orderId, seq: committed.seq }
    },
    async end(
      intent: { orderId: string; seq: number } | null,
      outcome: keyof typeof outcomes,
    ): Promise<void> {
      if (intent === null) throw new Error('nothing was committed')
      await store.endIntents([{ ...intent, outcome: outcomes[outcome] }], 'worker:test')
    },
    closings: () => run<ClosingRow>('SELECT * FROM switch_closings ORDER BY id'),
    async close(): Promise<void> {
      await database.close()
      await drop()
    },
  }
}
export type BreakerScene = Awaited<ReturnType<typeof openBreakerScene>>
