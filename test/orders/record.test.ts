import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordVerdict } from '../../src/orders/record.ts'
import { scriptedGateway, testEffects } from '../support/deps.ts'
import { jobData } from '../support/factories/job-data.ts'
import { anAccepted, aQuote, openStores, outcomes } from '../support/factories/stored-orders.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let stores: ReturnType<typeof openStores>

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
})

afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})

/** The commit of a first attempt's end was not heard of; meanwhile another worker's second attempt is in doubt. */
it.each(['price_changed', 'not_sent'] as const)(
  'a reply of an earlier attempt, %s, that is recorded again settles no doubt of a later one',
  async (outcome) => {
    const orderId = await anAccepted(stores, 'buy', jobData.buy())
    const commit = () =>
      stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote: aQuote() }], 'worker:a')
    const [first] = await commit()
    const verdict = { orderId, seq: first?.seq ?? 0, outcome: outcomes[outcome] }
    await stores.store.endIntents([verdict], 'worker:a')
    const [second] = await commit()
    await stores.store.endIntents(
      [{ orderId, seq: second?.seq ?? 0, outcome: outcomes.in_doubt }],
      'worker:b',
    )
    const deps = testEffects(stores.store, scriptedGateway({}))
    expect(await recordVerdict(verdict, deps)).toMatchObject({ state: 'in_doubt' })
  },
)
