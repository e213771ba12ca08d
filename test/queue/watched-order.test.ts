import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_SPAN, NO_TRACES, type Traces } from '../../src/core/traces.ts'
import { executeWatched, type JobCounts, NOT_COUNTED } from '../../src/queue/watched-order.ts'
import { scriptedGateway, testEffects } from '../support/deps.ts'
import { anAccepted, openStores, outcomes, tracesOf } from '../support/factories/stored-orders.ts'
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

interface Watcher {
  readonly traces?: Partial<Traces>
  readonly counts?: Partial<JobCounts>
}

/** Ways in which whoever watches an order may fail. */
const WATCHERS: Record<string, Watcher> = {
  'begins no span': { traces: { begin: broken } },
  'ends no span': { traces: { begin: () => ({ ...NO_SPAN, end: broken }) } },
  'has no trace to name': {
    traces: {
      begin: () => ({
        ...NO_SPAN,
        get traceId() {
          return broken()
        },
      }),
    },
  },
  'names something else as its trace': {
    traces: { begin: () => ({ ...NO_SPAN, traceId: 'not a trace' }) },
  },
  'counts no requote': { counts: { requoted: broken } },
}

/** Executes a new order, whose first quote is refused by a price change, before the eyes of a watcher. */
async function executeNew({ traces, counts }: Watcher) {
  const orderId = await anAccepted(stores)
  const [order] = await stores.store.load([orderId])
  if (order === undefined) throw new Error('no such order')
  const gateway = scriptedGateway({ confirms: [outcomes.price_changed, outcomes.succeeded] })
  const execution = await executeWatched(order, {
    ...testEffects(stores.store, gateway),
    traces: { ...NO_TRACES, ...traces },
    counts: { ...NOT_COUNTED, ...counts },
  })
  return { orderId, execution, confirmed: gateway.confirmed }
}

describe('an order whose watcher', () => {
  it.each(Object.entries(WATCHERS))(
    '%s is confirmed once, and its success is a success',
    async (_how, broke) => {
      const { orderId, execution, confirmed } = await executeNew(broke)
      expect(execution).toEqual({ is: 'ended', state: 'succeeded', reason: 'executed' })
      expect(confirmed).toHaveLength(2)
      expect(await tracesOf(stores, orderId)).toEqual([null, null])
    },
  )

  it('records its trace names that trace in each attempt', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const { orderId } = await executeNew({ traces: { begin: () => ({ ...NO_SPAN, traceId }) } })
    expect(await tracesOf(stores, orderId)).toEqual([traceId, traceId])
  })
})
