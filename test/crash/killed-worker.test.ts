import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkSandbox } from '../../src/dev/sandbox/check-sandbox.ts'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { readOrdersWithAttempts } from '../../src/orders/queries/checked-orders.ts'
import { startWorker } from '../../src/processes/worker.ts'
import { createProducer } from '../../src/queue/producer.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { jobData } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { queueBackends, type TestQueue } from '../support/servers/queue-backends.ts'
import {
  CALL_TIMEOUT_MS,
  DEATHS,
  type Death,
  killProcess,
  startWorkerProcess,
  type WorkerPlace,
} from './worker-process.ts'

/** Where the order ends once another worker has been started, and how often the gateway executed it. */
const ENDS: Record<Death, { state: string; reason: string; executions: number }> = {
  before_intent: { state: 'succeeded', reason: 'executed', executions: 1 },
  after_intent: { state: 'in_doubt', reason: 'intent_overdue', executions: 0 },
  after_send: { state: 'in_doubt', reason: 'intent_overdue', executions: 1 },
  after_reply: { state: 'in_doubt', reason: 'intent_overdue', executions: 1 },
  after_verdict: { state: 'succeeded', reason: 'executed', executions: 1 },
}

/** The worker that comes after the one that was killed. */
function startNextWorker({ databaseUrl, redisUrl, gatewayUrl }: WorkerPlace) {
  const gateway = openTestClient(gatewayUrl, { timeoutMs: CALL_TIMEOUT_MS })
  const worker = startWorker({
    ...{ databaseUrl, redisUrl, gateway, callTimeoutMs: CALL_TIMEOUT_MS, concurrency: 4 },
    ...{ ratePerSecond: null, maxRequotes: 5, quoteMaxAgeMs: 10_000, name: 'next', log: silentLog },
    pace: { sweepEveryMs: 200, wakeAgainMs: 1_000, lockDurationMs: 2_000 },
  })
  return {
    async stop() {
      await worker.stop()
      gateway.close()
    },
  }
}

describe.each(queueBackends())('with the queue in $name, a worker killed with SIGKILL', ({ start, skip }) => {
  if (skip !== undefined) {
    it.skip(`is not tried: ${skip}`)
    return
  }

  const places: TestQueue[] = []
  const sandboxes: Sandbox[] = []
  const children: ChildProcess[] = []

  beforeAll(async () => {
    // One place for each death: they wait for their send deadlines at the same time.
    for (const _ of DEATHS) places.push(await start())
  })

  afterAll(async () => {
    await Promise.all(children.map(killProcess))
    await Promise.all(sandboxes.map((sandbox) => sandbox.stop()))
    await Promise.all(places.map((place) => place.stop()))
  })

  it.concurrent.each(DEATHS)('%s neither loses nor doubles its order', async (death) => {
    const place = places[DEATHS.indexOf(death)] as TestQueue
    const sandbox = await startSandbox({
      seed: 1,
      openWallets: { rupiah: 10 ** 9, goldWeight: 10 ** 7 },
      // So that the worker dies while its reply is on the way.
      ...(death === 'after_send' ? { faults: { slow_reply: { next: 1 } } } : {}),
    })
    sandboxes.push(sandbox)
    const where = { ...place, gatewayUrl: sandbox.url }
    const { databaseUrl, redisUrl } = place
    const dying = await startWorkerProcess(where, death)
    children.push(dying)
    const producer = createProducer(redisUrl === null ? { databaseUrl } : { redisUrl })
    const exited = once(dying, 'exit')
    await producer.enqueue({ kind: 'buy', ...jobData.buy() })
    expect(await exited).toEqual([null, 'SIGKILL'])
    const stores = openStores(databaseUrl, 2)
    const next = startNextWorker(where)
    try {
      const order = await eventually(async () => {
        const [found] = await readOrdersWithAttempts(stores.database)
        return found !== undefined && !['accepted', 'confirming'].includes(found.state) ? found : null
      })
      const { executions, ...end } = ENDS[death]
      expect(order).toMatchObject(end)
      // The job comes back, too, and finds nothing to do.
      await producer.enqueue({ kind: 'buy', ...jobData.buy() })
      await eventually(async () => {
        const orders = await readOrdersWithAttempts(stores.database)
        return orders.length === 2 &&
          orders.every(({ state }) => state === 'succeeded' || state === end.state)
          ? true
          : null
      })
      const orders = await readOrdersWithAttempts(stores.database)
      expect(orders.find(({ orderId }) => orderId === order.orderId)).toEqual(order)
      expect(sandbox.ledger()).toHaveLength(executions + 1)
      expect(checkSandbox(orders, sandbox, ({ reason }) => reason === 'intent_overdue')).toEqual([])
    } finally {
      await next.stop()
      await producer.close()
      await stores.database.close()
    }
  })
})
