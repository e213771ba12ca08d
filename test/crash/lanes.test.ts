import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newOrderId } from '../../src/core/new-id.ts'
import { checkSandbox } from '../../src/dev/sandbox/check-sandbox.ts'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { readOrdersWithAttempts } from '../../src/orders/queries/checked-orders.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { StorageError } from '../../src/postgres/pool.ts'
import { createProducer } from '../../src/queue/producer.ts'
import { jobData } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { overlaps, overtakings } from '../support/lane-order.ts'
import { queueBackends, type TestQueue } from '../support/servers/queue-backends.ts'
import { unnamed } from '../support/unnamed.ts'
import { DEATHS, killProcess, startWorkerProcess, type WorkerPlace } from './worker-process.ts'

/** A sample; in full: `npm run proof:lanes`. */
const WALLETS = Number(process.env.LANE_WALLETS ?? 8)
const ORDERS = Number(process.env.LANE_ORDERS ?? 6)
const KILLED = Number(process.env.LANE_DEATHS ?? 5)
const WORKERS = 2
const IN_TIME_MS = process.env.LANE_WALLETS === undefined ? 600_000 : 7_200_000

type Stores = ReturnType<typeof openStores>

const walletOf = (n: number) => `0819${String(n).padStart(8, '0')}`

/** Buys and sells of every wallet, in turns, so that the orders of one wallet lie far apart in the queue. */
const orders = Array.from({ length: ORDERS * WALLETS }, (_, n) => {
  const place = { phone_number: walletOf(n % WALLETS), deadline: '2999-01-01T00:00:00Z', gold_weight: 0.25 }
  return n % 3 === 0
    ? ({ kind: 'sell', ...jobData.sell(), ...place } as const)
    : ({ kind: 'buy', ...jobData.buy(), ...place } as const)
})

/** Stores the orders in their order; whoever enqueues them finds them. */
async function accept({ store }: Stores) {
  for (const { kind, ...data } of orders)
    await store.submit([{ orderId: newOrderId(), submission: parseSubmission(kind, data) }])
}

/** Keeps workers running, of which so many die, each a while after it began; the last ones live. */
async function runWorkers(where: WorkerPlace, children: ChildProcess[], isOver: () => boolean) {
  let deaths = 0
  const keepOne = async () => {
    while (!isOver()) {
      const dieAt = deaths < KILLED ? (DEATHS[deaths % DEATHS.length] ?? null) : null
      deaths += 1
      const child = await startWorkerProcess(where, dieAt, 3 + (deaths % 4))
      children.push(child)
      // Over while it started: nobody else would kill it.
      if (isOver()) await killProcess(child)
      else await once(child, 'exit')
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, keepOne))
}

const DOUBTS = `SELECT o.id AS "orderId", (
    SELECT a.quote_id FROM attempts a WHERE a.order_id = o.id ORDER BY a.seq DESC LIMIT 1) AS "quoteId"
  FROM orders o WHERE o.state = 'in_doubt'`

/** Settles the doubts of dead workers by what the gateway executed, as a statement would. */
async function settleDoubts({ database, store }: Stores, sandbox: Sandbox) {
  const doubts = await database.run<{ orderId: string; quoteId: string }>(unnamed(DOUBTS), [])
  if (doubts.length === 0) return
  const ledger = new Map(sandbox.ledger().map((entry) => [entry.requestId, entry]))
  for (const { orderId, quoteId } of doubts)
    await store.settle([
      {
        orderId,
        reason: 'late_reply',
        actor: 'worker:test',
        detail: {},
        reply: null,
        executed: ledger.get(quoteId) ?? null,
      },
    ])
}

const OPEN = 'SELECT count(*)::int AS count FROM orders WHERE settled_at IS NULL'

/** How many orders are open; null when Postgres is too busy to say. */
async function settleAndCount(stores: Stores, sandbox: Sandbox): Promise<number | null> {
  try {
    await settleDoubts(stores, sandbox)
    return (await stores.database.run<{ count: number }>(unnamed(OPEN), []))[0]?.count ?? null
  } catch (error) {
    if (error instanceof StorageError && error.code.includes('timeout')) return null
    throw error
  }
}

/** The orders once all of them have ended. */
async function allEnded(stores: Stores, sandbox: Sandbox) {
  while ((await settleAndCount(stores, sandbox)) !== 0) await wait(200)
  return await readOrdersWithAttempts(stores.database)
}

describe.each(queueBackends())('with the queue in $name, orders of few wallets', ({ start, skip }) => {
  if (skip !== undefined) {
    it.skip(`are not tried: ${skip}`)
    return
  }

  let place: TestQueue
  let sandbox: Sandbox
  const children: ChildProcess[] = []
  beforeAll(async () => {
    place = await start()
    sandbox = await startSandbox({
      seed: 1,
      openWallets: { rupiah: 10 ** 11, goldWeight: 10 ** 9 },
      priceMoveEvery: 20,
    })
  })
  afterAll(async () => {
    await Promise.all(children.map(killProcess))
    await sandbox?.stop()
    await place?.stop()
  })

  it(
    'go one at a time and in order while workers are killed, and none is lost',
    async () => {
      const { databaseUrl, redisUrl } = place
      const stores = openStores(databaseUrl, 4)
      const producer = createProducer(redisUrl === null ? { databaseUrl } : { redisUrl })
      let isOver = false
      await accept(stores)
      await producer.enqueueMany(orders)
      const working = runWorkers({ ...place, gatewayUrl: sandbox.url }, children, () => isOver)
      try {
        const ended = await allEnded(stores, sandbox)
        expect(ended).toHaveLength(orders.length)
        expect(checkSandbox(ended, sandbox)).toEqual([])
        expect(ended.filter(({ state }) => state === 'succeeded').length).toBeGreaterThanOrEqual(
          orders.length - KILLED * 4,
        )
        expect(await overlaps(stores.database)).toEqual([])
        expect(await overtakings(stores.database)).toEqual([])
      } finally {
        isOver = true
        await Promise.all(children.map(killProcess))
        await working
        await producer.close()
        await stores.database.close()
      }
    },
    IN_TIME_MS,
  )
})
