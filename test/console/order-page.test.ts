import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aConfirming, openStores } from '../support/factories/stored-orders.ts'
import { startTestConsole, type TestConsole } from '../support/servers/console.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
let here: TestConsole
beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl, 1)
  here = await startTestConsole({ databaseUrl: test.databaseUrl })
})
afterAll(async () => {
  await here?.stop()
  await stores?.database.close()
  await test?.drop()
})

const pageOf = async (orderId: string) =>
  (await here.ask('GET', `/orders/${orderId}`, { as: await here.as('vina') })).text

describe('the page of one order', () => {
  it('names the trace beside its attempt, as tracing systems write it', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const { orderId } = await aConfirming(stores, 'buy', traceId)
    const text = await pageOf(orderId)
    expect(text).toContain('>Trace</th>')
    expect(text).toContain(`<td class="text"><code>${traceId}</code></td>`)
  })

  it('has no column of traces where no attempt has one', async () => {
    const { orderId } = await aConfirming(stores)
    const text = await pageOf(orderId)
    expect(text).toContain('data-row')
    expect(text).not.toContain('Trace')
  })
})
