import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { startLocalPostgres } from '../../src/dev/embedded-postgres/postgres.ts'
import { findFreePort } from '../../src/dev/embedded-postgres/server.ts'
import { checkSandbox } from '../../src/dev/sandbox/check-sandbox.ts'
import { startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { readOrdersWithAttempts } from '../../src/orders/queries/checked-orders.ts'
import { migrateDatabase } from '../../src/postgres/migrate.ts'
import { type RunningWorker, startWorker } from '../../src/processes/worker.ts'
import { migrateQueue } from '../../src/queue/probe.ts'
import { createProducer } from '../../src/queue/producer.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { jobData } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { memoryOrDisk } from '../support/memory.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { startOwnRedis, testRedis } from '../support/servers/redis.ts'

const ORDERS = 80

const toStop: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop()
})

async function startMany(place: { databaseUrl: string; redisUrl: string | null }) {
  const sandbox = await startSandbox({ seed: 3, openWallets: { rupiah: 10 ** 11, goldWeight: 10 ** 9 } })
  const gateway = openTestClient(sandbox.url, { timeoutMs: 10_000 })
  const workers: RunningWorker[] = [1, 2].map((n) =>
    startWorker({
      ...place,
      gateway,
      callTimeoutMs: 10_000,
      concurrency: 4,
      ratePerSecond: null,
      maxRequotes: 5,
      quoteMaxAgeMs: 10_000,
      name: `w${n}`,
      log: silentLog,
      pace: { sweepEveryMs: 300, wakeAgainMs: 1_000, lockDurationMs: 3_000 },
    }),
  )
  const stores = openStores(place.databaseUrl, 2)
  toStop.push(
    () => sandbox.stop(),
    () => gateway.close(),
    () => stores.database.close(),
    () => Promise.all(workers.map((worker) => worker.stop())),
  )
  const producer = createProducer(
    place.redisUrl === null ? { databaseUrl: place.databaseUrl } : { redisUrl: place.redisUrl },
  )
  toStop.push(() => producer.close())
  return { sandbox, stores, producer }
}

const someOrders = () => Array.from({ length: ORDERS }, () => ({ kind: 'buy', ...jobData.buy() }) as const)

/** Postgres may be away while this asks. */
const orNull = <T>(answer: Promise<T>) => answer.catch(() => null)

async function settledCount({ database }: ReturnType<typeof openStores>): Promise<number> {
  const orders = (await orNull(readOrdersWithAttempts(database))) ?? []
  return orders.filter(({ state }) => state !== 'accepted' && state !== 'confirming').length
}

describe('under load', () => {
  it('Postgres is restarted: no order is lost or doubled', async () => {
    const folder = await mkdtemp(join(memoryOrDisk(), 'goldpro-restart-'))
    toStop.push(() => rm(folder, { recursive: true, force: true }))
    const dataDir = join(folder, 'postgres')
    const port = await findFreePort()
    const first = await startLocalPostgres({ dataDir, keepData: true, port })
    let running = first
    toStop.push(async () => {
      await running.stop()
      // Started once more to be deleted.
      await (await startLocalPostgres({ dataDir, keepData: false })).stop()
    })
    const { databaseUrl } = first
    await migrateDatabase(databaseUrl)
    await migrateQueue(databaseUrl)
    const { sandbox, stores, producer } = await startMany({ databaseUrl, redisUrl: null })
    await producer.enqueueMany(someOrders())
    await eventually(async () => ((await settledCount(stores)) >= 20 ? true : null))
    await first.stop()
    running = await startLocalPostgres({ dataDir, keepData: true, port })
    await eventually(async () => ((await settledCount(stores)) >= ORDERS ? true : null))
    const orders = await readOrdersWithAttempts(stores.database)
    expect(orders).toHaveLength(ORDERS)
    expect(checkSandbox(orders, sandbox, ({ reason }) => reason === 'intent_overdue')).toEqual([])
  })

  const redis = testRedis()
  it.skipIf('skip' in redis)(
    `Redis is flushed: every stored order ends, and what is enqueued again is no second order${'skip' in redis ? ` (${redis.skip})` : ''}`,
    async () => {
      const { databaseUrl, drop } = await createTestDatabase()
      const server = await startOwnRedis()
      toStop.push(drop, () => server.stop())
      const { sandbox, stores, producer } = await startMany({ databaseUrl, redisUrl: server.url })
      const orders = someOrders()
      await producer.enqueueMany(orders)
      await eventually(async () => ((await settledCount(stores)) >= 20 ? true : null))
      const client = new Redis(server.url)
      await client.flushall()
      client.disconnect()
      await eventually(async () => {
        const stored = await readOrdersWithAttempts(stores.database)
        return (await settledCount(stores)) === stored.length ? true : null
      })
      // Jobs that no worker had seen are lost with their Redis; the partner adds all again.
      await producer.enqueueMany(orders)
      await eventually(async () => ((await settledCount(stores)) >= ORDERS ? true : null))
      const all = await readOrdersWithAttempts(stores.database)
      expect(all).toHaveLength(ORDERS)
      expect(checkSandbox(all, sandbox)).toEqual([])
      expect(sandbox.ledger()).toHaveLength(ORDERS)
    },
  )
})
