import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayClient } from '../../src/gateway/client.ts'
import type { OrderDeps } from '../../src/orders/deps.ts'
import { executeOrder } from '../../src/orders/execute.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { testEffects } from '../support/deps.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { HOSTILE_REPLIES, type HostileReply } from '../support/factories/hostile-replies.ts'
import { jobData } from '../support/factories/job-data.ts'
import { ORDER_NAMES, type OrderName } from '../support/factories/sandbox-orders.ts'
import { openStores, requireStored } from '../support/factories/stored-orders.ts'
import { type HostileGateway, startHostileGateway } from '../support/servers/hostile-gateway.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
let gateway: HostileGateway
let client: GatewayClient
let wallets = 0

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
  gateway = await startHostileGateway()
  client = openTestClient(gateway.url, { timeoutMs: 30_000 })
})

afterAll(async () => {
  client?.close()
  await gateway?.stop()
  await stores?.database.close()
  await test?.drop()
})

/** Runs one order of its own wallet, three times over, and tells its end and how often the gateway executed it. */
async function runAgainst(
  reply: HostileReply,
  name: OrderName,
  mutate: (deps: OrderDeps) => OrderDeps = (deps) => deps,
) {
  wallets += 1
  const phone_number = `0813${String(wallets).padStart(8, '0')}`
  gateway.answerConfirmsWith(reply)
  const kind = name === 'buyRupiah' ? 'buy' : name
  const submission = parseSubmission(kind, jobData[name]({ phone_number }))
  const [stored] = await stores.store.submit([{ orderId: randomUUID(), submission }])
  const order = requireStored(stored)
  const deps = mutate(testEffects(stores.store, client, { pause: async () => {} }))
  for (let run = 0; run < 3; run += 1) {
    const [now] = await stores.store.load([order.orderId])
    if (now !== undefined) await executeOrder(now, deps)
  }
  const [end] = await stores.store.load([order.orderId])
  return { state: end?.state, reason: end?.reason, executions: gateway.executions(phone_number) }
}

it('the hostile gateway has at least seventy replies', () => {
  expect(Object.keys(HOSTILE_REPLIES).length).toBeGreaterThanOrEqual(70)
})

describe.each(ORDER_NAMES)('an order to %s', (name) => {
  it.each(Object.entries(HOSTILE_REPLIES))('answered with %s', async (_name, reply) => {
    const { state, executions } = await runAgainst(reply, name)
    expect(state).toBe(reply.ends)
    expect(executions).toBe(reply.executes ? 1 : 0)
  })

  it('whose confirm finds a changed price every time is confirmed a bounded number of times', async () => {
    const text = HOSTILE_REPLIES.documented_insufficient?.write({ executed: {}, quote: {} }).text ?? ''
    const changed = text.replace(
      'wallet balance is insufficient',
      'Price changes have occurred, Please try again',
    )
    const reply: HostileReply = {
      executes: false,
      ends: 'in_doubt',
      write: () => ({ status: 200, text: changed }),
    }
    expect(await runAgainst(reply, name)).toMatchObject({ state: 'accepted', executions: 0 })
  })
})

describe('the proof fails', () => {
  /** A worker that believes a refusal whatever else its reply says. */
  const believingRefusals = (deps: OrderDeps): OrderDeps => ({
    ...deps,
    gateway: {
      checkout: deps.gateway.checkout,
      async confirm(command, quote) {
        const outcome = await deps.gateway.confirm(command, quote)
        if (outcome.is !== 'in_doubt' || outcome.doubt !== 'reply_contradicts_itself') return outcome
        return { is: 'price_changed', reply: outcome.reply }
      },
    },
  })

  it.each(ORDER_NAMES)('when a %s whose reply contradicts itself is confirmed again', async (name) => {
    const reply = HOSTILE_REPLIES.price_changed_with_the_transaction
    if (reply === undefined) throw new Error('no such reply')
    const { executions } = await runAgainst(reply, name, believingRefusals)
    expect(executions).toBeGreaterThan(1)
  })
})
