import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkSandbox } from '../../src/dev/sandbox/check-sandbox.ts'
import { FAULT_NAMES, type FaultName } from '../../src/dev/sandbox/faults.ts'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { executeOrder } from '../../src/orders/execute.ts'
import type { OrderGateway } from '../../src/orders/gateway-port.ts'
import { readOrdersWithAttempts } from '../../src/orders/queries/checked-orders.ts'
import { testEffects } from '../support/deps.ts'
import { ORDER_NAMES, orderRunner } from '../support/factories/sandbox-orders.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

interface End {
  readonly state: string
  readonly reason: string
  /** Outcomes of its attempts. */
  readonly attempts: readonly string[]
}

const succeeded: End = { state: 'succeeded', reason: 'executed', attempts: ['succeeded'] }
const inDoubt = (reason: string): End => ({ state: 'in_doubt', reason, attempts: ['in_doubt'] })
const rejected = (reason: string): End => ({ state: 'rejected', reason, attempts: ['rejected'] })
const refused = (reason: string): End => ({ state: 'rejected', reason, attempts: [] })

/** Where an order ends when a fault strikes its confirm, and when it strikes its checkout, once. */
const ENDS: Record<FaultName, { confirm: End; checkout: End | 'put off, then succeeded' }> = {
  price_change: { confirm: { ...succeeded, attempts: ['price_changed', 'succeeded'] }, checkout: succeeded },
  reply_lost: { confirm: inDoubt('reply_lost'), checkout: 'put off, then succeeded' },
  request_dropped: { confirm: inDoubt('reply_lost'), checkout: 'put off, then succeeded' },
  slow_reply: { confirm: inDoubt('reply_lost'), checkout: 'put off, then succeeded' },
  trickling_reply: { confirm: inDoubt('reply_lost'), checkout: 'put off, then succeeded' },
  bad_gateway_html: { confirm: inDoubt('gateway_error'), checkout: 'put off, then succeeded' },
  bad_gateway_after_executing: { confirm: inDoubt('gateway_error'), checkout: 'put off, then succeeded' },
  truncated_json: { confirm: inDoubt('reply_unreadable'), checkout: 'put off, then succeeded' },
  // At a checkout it depends on the field; the confirm or the order's check finds it.
  contradicting_reply: { confirm: inDoubt('reply_contradicts_quote'), checkout: 'put off, then succeeded' },
  connection_closed_between_requests: { confirm: succeeded, checkout: succeeded },
  server_error_envelope: { confirm: inDoubt('gateway_error'), checkout: 'put off, then succeeded' },
  redirect_307: { confirm: inDoubt('gateway_error'), checkout: 'put off, then succeeded' },
  unauthorised_401: { confirm: inDoubt('gateway_unauthorised'), checkout: 'put off, then succeeded' },
  too_many_requests_429: {
    confirm: inDoubt('gateway_rate_limit_unclear'),
    checkout: 'put off, then succeeded',
  },
  insufficient_balance: {
    confirm: rejected('insufficient_balance'),
    checkout: refused('insufficient_balance'),
  },
  user_not_found: { confirm: rejected('user_not_found'), checkout: refused('user_not_found') },
  invalid_recipient: { confirm: rejected('invalid_recipient'), checkout: refused('invalid_recipient') },
  not_premium: { confirm: rejected('not_premium'), checkout: refused('not_premium') },
  invalid_params: { confirm: rejected('invalid_params'), checkout: refused('invalid_params') },
  field_required: { confirm: rejected('field_required'), checkout: refused('field_required') },
  unlisted_message: { confirm: inDoubt('message_unlisted'), checkout: refused('refused_at_checkout') },
}

let test: TestDatabase
let stores: ReturnType<typeof openStores>
let sandbox: Sandbox
let runner: ReturnType<typeof orderRunner>
/** For replies that never come. Good replies get all the time they need, or a busy machine would make doubts. */
let impatient: ReturnType<typeof orderRunner>
const runnerFor = (fault: FaultName) =>
  fault === 'slow_reply' || fault === 'trickling_reply' ? impatient : runner

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
  sandbox = await startSandbox({
    seed: 1,
    openWallets: { rupiah: 10 ** 11, goldWeight: 10 ** 9 },
    slowMs: 60_000,
  })
  runner = orderRunner(stores, sandbox, 30_000)
  impatient = orderRunner(stores, sandbox, 300)
})

afterAll(async () => {
  runner?.client.close()
  impatient?.client.close()
  await sandbox?.stop()
  await stores?.database.close()
  await test?.drop()
})

async function endOf(orderId: string): Promise<End> {
  const { state, reason } = await runner.load(orderId)
  const attempts = await stores.database.run<{ outcome: string }>(
    unnamed('SELECT outcome FROM attempts WHERE order_id = $1 ORDER BY seq'),
    [orderId],
  )
  return { state, reason, attempts: attempts.map(({ outcome }) => outcome) }
}

describe.each(ORDER_NAMES)('an order to %s', (name) => {
  it.each(FAULT_NAMES)('whose confirm meets %s ends where the outcome table says', async (fault) => {
    sandbox.setFault(fault, { next: 1, on: 'confirm' })
    const before = sandbox.faultCounts()[fault]
    const orderId = await runner.submit(name)
    await runnerFor(fault).run(orderId)
    expect(await endOf(orderId)).toEqual(ENDS[fault].confirm)
    expect(sandbox.faultCounts()[fault]).toBe(before + 1)
    // Picked up again, nothing is sent and nothing changes.
    const confirms = sandbox.confirmsReceived().length
    await runner.run(orderId)
    expect(await endOf(orderId)).toEqual(ENDS[fault].confirm)
    expect(sandbox.confirmsReceived().length).toBe(confirms)
  })

  it.each(FAULT_NAMES.filter((fault) => fault !== 'contradicting_reply'))(
    'whose checkout meets %s ends where the outcome table says',
    async (fault) => {
      sandbox.setFault(fault, { next: 1, on: 'checkout' })
      const orderId = await runner.submit(name)
      const first = await runnerFor(fault).run(orderId)
      const { checkout } = ENDS[fault]
      if (checkout !== 'put off, then succeeded') return expect(await endOf(orderId)).toEqual(checkout)
      expect(first).toMatchObject({ is: 'later' })
      expect(await endOf(orderId)).toMatchObject({ state: 'accepted', attempts: [] })
      await runner.run(orderId)
      expect(await endOf(orderId)).toEqual(succeeded)
    },
  )

  it('whose quote dies because the price moves takes a new one', async () => {
    const orderId = await runner.submit(name)
    let hasMoved = false
    const moving: OrderGateway = {
      confirm: (command, quote) => runner.client.confirm(command, quote),
      async checkout(command) {
        const outcome = await runner.client.checkout(command)
        if (!hasMoved) sandbox.movePrice()
        hasMoved = true
        return outcome
      },
    }
    await executeOrder(await runner.load(orderId), testEffects(stores.store, moving))
    // A withdrawal's address has no price that could change.
    const expected = name === 'withdraw' ? ['succeeded'] : ['price_changed', 'succeeded']
    expect((await endOf(orderId)).attempts).toEqual(expected)
  })
})

describe('all of them together', () => {
  it("agree with the sandbox's ledger", async () => {
    const orders = await readOrdersWithAttempts(stores.database)
    expect(orders.length).toBeGreaterThan(200)
    expect(checkSandbox(orders, sandbox)).toEqual([])
  })
})
