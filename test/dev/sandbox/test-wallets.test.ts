import { afterAll, beforeAll, expect, it } from 'vitest'
import { CLOCKS } from '../../../src/core/clocks.ts'
import { readPhoneNumber } from '../../../src/core/phone-number.ts'
import { type Sandbox, startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { TEST_WALLETS } from '../../../src/dev/sandbox/test-wallets.ts'
import { executeOrder } from '../../../src/orders/execute.ts'
import { testEffects } from '../../support/deps.ts'
import { openTestClient } from '../../support/factories/gateway-settings.ts'
import { anAccepted, openStores } from '../../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
let sandbox: Sandbox
let client: ReturnType<typeof openTestClient>
beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
  // Every wallet that is no test wallet would lose its reply.
  const faults = { reply_lost: { rate: 1 } }
  sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 9, goldWeight: 10 ** 7 }, faults })
  client = openTestClient(sandbox.url)
})
afterAll(async () => {
  client?.close()
  await sandbox?.stop()
  await stores?.database.close()
  await test?.drop()
})

/** Two orders of the wallet, one after the other, in the states that they come to. */
async function ends(phoneNumber: string, kinds: readonly ('buy' | 'sell')[]): Promise<string[]> {
  const deps = testEffects(stores.store, client, { ...CLOCKS, pause: async () => {} })
  const states: string[] = []
  for (const kind of kinds) {
    const orderId = await anAccepted(stores, kind, { phone_number: phoneNumber })
    const [order] = await stores.store.load([orderId])
    if (order === undefined) throw new Error('no such order')
    const end = await executeOrder(order, deps)
    states.push(end.is === 'ended' ? `${end.state} ${end.reason}` : end.is)
  }
  return states
}

const executedOf = (phoneNumber: string) =>
  sandbox.ledger().filter((transaction) => transaction.phoneNumber === phoneNumber).length

it.each([
  ['089999000001', ['succeeded executed', 'succeeded executed'], 2],
  ['089999000002', ['rejected insufficient_balance', 'rejected insufficient_balance'], 0],
  ['089999000003', ['rejected user_not_found', 'rejected user_not_found'], 0],
  ['089999000004', ['succeeded executed', 'succeeded executed'], 2],
  ['089999000005', ['later', 'waiting'], 0],
  ['089999000006', ['in_doubt reply_lost', 'in_doubt reply_lost'], 2],
  ['089999000007', ['in_doubt reply_lost', 'in_doubt reply_lost'], 0],
])('orders of %s end as %j, with %i executed', async (phoneNumber, states, executed) => {
  expect(await ends(phoneNumber, ['buy', 'buy'])).toEqual(states)
  expect(executedOf(phoneNumber)).toBe(executed)
})

it('names wallets as the program writes them, each once, and each one is tried above', () => {
  const numbers = TEST_WALLETS.map(({ phoneNumber }) => phoneNumber)
  expect(numbers.map(readPhoneNumber)).toEqual(numbers)
  expect(new Set(numbers).size).toBe(7)
})

it('meets a new price in between, and does not strike other wallets', async () => {
  const faultsOf = (phoneNumber: string) =>
    sandbox
      .faultLog()
      .filter((hit) => hit.phoneNumber === phoneNumber)
      .map(({ fault }) => fault)
  expect(faultsOf('089999000004')).toEqual(['price_change', 'price_change'])
  expect(await ends('081234509999', ['buy'])).toEqual(['in_doubt reply_lost'])
})
