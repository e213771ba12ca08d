import { randomUUID } from 'node:crypto'
import { createPostgresBackend, Queue, QueueEvents } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { OrderGateway } from '../../src/orders/gateway-port.ts'
import { type RunningWorker, startWorker, type WorkerOptions } from '../../src/processes/worker.ts'
import { createProducer } from '../../src/queue/producer.ts'
import type { JobEnd } from '../../src/queue/watched-order.ts'
import { scriptedGateway, silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { jobData, KTP, WALLET } from '../support/factories/job-data.ts'
import { anAccepted, anOrderIn, aQuote, openStores, outcomes } from '../support/factories/stored-orders.ts'
import { queueBackends, type TestQueue } from '../support/servers/queue-backends.ts'
import { unnamed } from '../support/unnamed.ts'

describe.each(queueBackends())('a worker on the queue in $name', ({ name, start, skip }) => {
  if (skip !== undefined) {
    it.skip(`is not tried: ${skip}`)
    return
  }

  let place: TestQueue
  let stores: ReturnType<typeof openStores>
  let foreign: Queue
  let events: QueueEvents
  const running: RunningWorker[] = []

  beforeAll(async () => {
    place = await start()
    stores = openStores(place.databaseUrl)
    // A BullMQ client as anybody would write it, with BullMQ's own defaults.
    const redis = { connection: { url: place.redisUrl ?? '' } }
    const postgres = { connection: { connectionString: place.databaseUrl } }
    foreign =
      name === 'redis'
        ? new Queue('orders', redis)
        : (new Queue('orders', postgres, createPostgresBackend) as never)
    events =
      name === 'redis'
        ? new QueueEvents('orders', redis)
        : (new QueueEvents('orders', postgres, createPostgresBackend) as never)
    // Its database is dropped while it may still be polling.
    foreign.on('error', () => {})
    events.on('error', () => {})
    await events.waitUntilReady()
  })

  afterEach(async () => {
    await Promise.all(running.splice(0).map((worker) => worker.stop()))
  })

  afterAll(async () => {
    await events?.close()
    await foreign?.close()
    await stores?.database.close()
    await place?.stop()
  })

  function start_(gateway: OrderGateway, overrides: Partial<WorkerOptions> = {}): RunningWorker {
    const worker = startWorker({
      databaseUrl: place.databaseUrl,
      redisUrl: place.redisUrl,
      gateway,
      callTimeoutMs: 2_000,
      concurrency: 4,
      ratePerSecond: null,
      maxRequotes: 2,
      quoteMaxAgeMs: 10_000,
      name: 'test',
      log: silentLog,
      pace: { sweepEveryMs: 100, wakeAgainMs: 1_000, lockDurationMs: 5_000 },
      ...overrides,
    })
    running.push(worker)
    return worker
  }

  const stored = (reference: string) =>
    stores.database.run<{ state: string; session_id: string | null; attempts: number; order_id: string }>(
      unnamed('SELECT * FROM ops.orders WHERE reference = $1'),
      [reference],
    )
  const endOf = async (reference: string) =>
    await eventually(async () => {
      const [order] = await stored(reference)
      return order !== undefined && !['accepted', 'confirming'].includes(order.state) ? order : null
    })

  it.each(['buy', 'sell', 'transfer', 'withdraw'] as const)('takes a foreign %s to its end', async (kind) => {
    start_(scriptedGateway({}))
    const data = jobData[kind]()
    const job = await foreign.add(kind, data)
    const result = await job.waitUntilFinished(events)
    expect(result).toMatchObject({ state: 'succeeded', reason: 'executed' })
    expect(await stored(data.reference)).toMatchObject([
      { state: 'succeeded', session_id: expect.stringMatching(/^S\d+$/), attempts: 1 },
    ])
  })

  it('takes what the producer enqueues', async () => {
    start_(scriptedGateway({}))
    const producer = createProducer(
      place.redisUrl === null ? { databaseUrl: place.databaseUrl } : { redisUrl: place.redisUrl },
    )
    const orders = Array.from({ length: 20 }, () => ({ kind: 'buy', ...jobData.buy() }) as const)
    expect(await producer.enqueueMany(orders)).toHaveLength(20)
    await producer.close()
    for (const { reference } of orders) expect(await endOf(reference)).toMatchObject({ state: 'succeeded' })
  })

  it('makes one order and one confirm of a job that is added many times', async () => {
    const gateway = scriptedGateway({})
    start_(gateway)
    start_(gateway)
    const data = jobData.buy()
    await foreign.addBulk(Array.from({ length: 15 }, () => ({ name: 'buy', data })))
    await eventually(async () =>
      (await foreign.getJobCounts('wait', 'active', 'delayed')).wait === 0 ? true : null,
    )
    expect(await endOf(data.reference)).toMatchObject({ state: 'succeeded', attempts: 1 })
    expect(gateway.confirmed).toHaveLength(1)
  })

  it('brings an order back after price changes, although the client allowed one attempt', async () => {
    const gateway = scriptedGateway({
      confirms: [...Array<typeof outcomes.price_changed>(4).fill(outcomes.price_changed), outcomes.succeeded],
    })
    const ends: JobEnd[] = []
    let requotes = 0
    const requoted = () => {
      requotes += 1
    }
    start_(gateway, { counts: { ended: (end) => void ends.push(end), requoted } })
    const data = jobData.buy()
    const job = await foreign.add('buy', data)
    expect(await job.waitUntilFinished(events)).toMatchObject({ state: 'succeeded' })
    expect(await stored(data.reference)).toMatchObject([{ attempts: 5 }])
    // Three quotes in its first run, two in its second: whoever measures is told, and of nothing else.
    expect([ends.slice(0, 2), requotes]).toEqual([['later', 'succeeded'], 3])
  })

  it('lets an order expire whose gateway is away until the deadline', async () => {
    start_(scriptedGateway({ checkouts: [{ is: 'trouble', message: 'ECONNREFUSED' }] }))
    const data = jobData.buy({ deadline: new Date(Date.now() + 1_500).toISOString() })
    await foreign.add('buy', data)
    expect(await endOf(data.reference)).toMatchObject({ state: 'expired', attempts: 0 })
  })

  const malformed: [what: string, name: string, data: unknown, field: string][] = [
    ['wrong types', 'buy', jobData.buy({ gold_weight: {} }), 'gold_weight'],
    ['missing fields', 'sell', { partner: 'acme' }, 'reference'],
    ['five decimals', 'buy', jobData.buy({ gold_weight: '0.00001' }), 'gold_weight'],
    ['a negative weight', 'buy', jobData.buy({ gold_weight: -0.5 }), 'gold_weight'],
    ['a huge weight', 'buy', jobData.buy({ gold_weight: 1e12 }), 'gold_weight'],
    ['an unknown kind', 'swap', jobData.buy(), 'kind'],
    // BullMQ's Postgres backend stores null as an empty object.
    ['null', 'buy', null, name === 'redis' ? 'data' : 'partner'],
    ['an unknown order', 'wake', { orderId: randomUUID() }, 'orderId'],
    ['a short KTP number', 'withdraw', jobData.withdraw({ ktp: '31749999' }), 'ktp'],
    // Postgres cannot hold NUL, so BullMQ's own backend there refuses the job before any worker sees it.
    ...(name === 'redis' ? [['NUL', 'buy', jobData.buy({ reference: 'a\0b' }), 'reference'] as const] : []),
  ] as [string, string, unknown, string][]

  it.each(malformed)(
    'fails a job with %s for good and names the field',
    async (_what, jobName, data, field) => {
      start_(scriptedGateway({}))
      const job = await foreign.add(jobName, data)
      await expect(job.waitUntilFinished(events)).rejects.toThrow(new RegExp(`^${field}: `))
      const failed = await foreign.getJob(job.id ?? '')
      expect(failed?.failedReason).not.toMatch(new RegExp(`${WALLET}|${KTP}`))
      const rows = await stores.database.run<{ field: string }>(
        unnamed('SELECT field FROM rejected_jobs WHERE job_id = $1'),
        [job.id],
      )
      expect(rows).toEqual([{ field }])
    },
  )

  it('refuses other content under a known reference, and the first order stands', async () => {
    start_(scriptedGateway({}))
    const data = jobData.buy()
    await (await foreign.add('buy', data)).waitUntilFinished(events)
    const conflict = await foreign.add('buy', { ...data, gold_weight: 3 })
    await expect(conflict.waitUntilFinished(events)).rejects.toThrow(/^reference: conflict/)
    expect(await stored(data.reference)).toMatchObject([{ state: 'succeeded', attempts: 1 }])
  })

  it('goes on after a malformed job', async () => {
    start_(scriptedGateway({}), { concurrency: 1 })
    await foreign.add('buy', { nonsense: true })
    const data = jobData.buy()
    await foreign.add('buy', data)
    expect(await endOf(data.reference)).toMatchObject({ state: 'succeeded' })
  })

  it('runs a stored order that the queue has forgotten', async () => {
    const orderId = await anAccepted(stores)
    await stores.database.run(unnamed('UPDATE orders SET wake_at = now() WHERE id = $1'), [orderId])
    start_(scriptedGateway({}))
    const state = await eventually(async () => {
      const [order] = await stores.store.load([orderId])
      return order?.state === 'succeeded' ? order.state : null
    })
    expect(state).toBe('succeeded')
  })

  it('doubts an intent that a dead worker left, and never sends it', async () => {
    const orderId = await anOrderIn(stores, 'confirming')
    const gateway = scriptedGateway({})
    // A send deadline of 100 ms once its margins are added.
    start_(gateway, { callTimeoutMs: -4_900 })
    const reason = await eventually(async () => {
      const [order] = await stores.store.load([orderId])
      return order?.state === 'in_doubt' ? order.reason : null
    })
    expect(reason).toBe('intent_overdue')
    expect(gateway.confirmed).toEqual([])
  })

  it('whose lock was lost in the middle of a confirm is not followed by a second confirm', async () => {
    let finish = () => {}
    let sent = () => {}
    const isSent = new Promise<void>((resolve) => {
      sent = resolve
    })
    const gateway = scriptedGateway({
      confirms: [
        async () => {
          sent()
          await new Promise<void>((resolve) => {
            finish = resolve
          })
          return outcomes.succeeded
        },
      ],
    })
    const pace = { sweepEveryMs: 60_000, wakeAgainMs: 60_000, lockDurationMs: 1_000 }
    // A busy machine may notice the stall late; by then the intent must not be overdue.
    const slow = { pace, callTimeoutMs: 120_000 }
    start_(gateway, slow)
    start_(gateway, slow)
    const data = jobData.buy()
    const job = await foreign.add('buy', data)
    await isSent
    const stolen = stealLock(job.id ?? '')
    try {
      // The job stalls, runs again beside the first run, and leaves the order alone.
      expect(await job.waitUntilFinished(events)).toMatchObject({ state: 'confirming' })
    } finally {
      stolen.stop()
      finish()
    }
    expect(await endOf(data.reference)).toMatchObject({ state: 'succeeded', attempts: 1 })
    expect(gateway.confirmed).toHaveLength(1)
  })

  /** Takes a job's lock away from its worker, which renews it now and then, until stopped. */
  function stealLock(jobId: string): { stop(): void } {
    const redis = place.redisUrl === null ? null : new Redis(place.redisUrl)
    const steal = async () => {
      if (redis !== null) await redis.del(`bull:orders:${jobId}:lock`)
      else
        await stores.database.run(
          unnamed(
            `UPDATE bullmq.job SET lock_token = 'stolen', locked_until_ms = 0 WHERE id = $1 AND attempts_started < 2`,
          ),
          [jobId],
        )
    }
    const timer = setInterval(() => void steal().catch(() => {}), 20)
    return {
      stop() {
        clearInterval(timer)
        redis?.disconnect()
      },
    }
  }

  it('lets a sent confirm finish when it is stopped, and takes no more', async () => {
    let finish = () => {}
    let sent = () => {}
    const isSent = new Promise<void>((resolve) => {
      sent = resolve
    })
    const gateway = scriptedGateway({
      checkouts: [() => ({ is: 'quoted', quote: aQuote() })],
      confirms: [
        async () => {
          sent()
          await new Promise<void>((resolve) => {
            finish = resolve
          })
          return outcomes.succeeded
        },
      ],
    })
    const worker = start_(gateway, { concurrency: 1 })
    const [first, second] = [jobData.buy(), jobData.buy()]
    await foreign.add('buy', first)
    await foreign.add('buy', second)
    await isSent
    const stopped = worker.stop()
    running.length = 0
    finish()
    await stopped
    expect(await stored(first.reference)).toMatchObject([{ state: 'succeeded' }])
    expect(await stored(second.reference)).toEqual([])
    expect(gateway.confirmed).toHaveLength(1)
    start_(scriptedGateway({}))
    expect(await endOf(second.reference)).toMatchObject({ state: 'succeeded' })
  })
})
