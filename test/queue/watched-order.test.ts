import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_SPAN, NO_TRACES, type Traces } from '../../src/core/traces.ts'
import { executeWatched, type JobCounts, NOT_COUNTED } from '../../src/queue/watched-order.ts'
import { scriptedGateway, testEffects } from '../support/deps.ts'
import { anAccepted, openStores, outcomes } from '../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
})
afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})

const broken = (): never => {
  throw new Error('the watcher is broken')
}

/** Ways in which whoever watches an order may fail. */
const WATCHERS: Record<string, { traces?: Partial<Traces>; counts?: Partial<JobCounts> }> = {
  'begins no span': { traces: { begin: broken } },
  'ends no span': { traces: { begin: () => ({ ...NO_SPAN, end: broken }) } },
  'counts no requote': { counts: { requoted: broken } },
}

describe('an order whose watcher', () => {
  it.each(Object.entries(WATCHERS))(
    '%s is confirmed once, and its success is a success',
    async (_how, broke) => {
      const orderId = await anAccepted(stores)
      const [order] = await stores.store.load([orderId])
      if (order === undefined) throw new Error('no such order')
      const gateway = scriptedGateway({ confirms: [outcomes.price_changed, outcomes.succeeded] })
      const execution = await executeWatched(order, {
        ...testEffects(stores.store, gateway),
        traces: { ...NO_TRACES, ...broke.traces },
        counts: { ...NOT_COUNTED, ...broke.counts },
      })
      expect(execution).toEqual({ is: 'ended', state: 'succeeded', reason: 'executed' })
      expect(gateway.confirmed).toHaveLength(2)
    },
  )
})
