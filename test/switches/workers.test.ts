import type { ChildProcess } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { createProducer } from '../../src/queue/producer.ts'
import { awaitConfirms } from '../../src/switches/await-confirms.ts'
import { killProcess, startWorkerProcess } from '../crash/worker-process.ts'
import { eventually } from '../support/eventually.ts'
import { jobData } from '../support/factories/job-data.ts'
import { oneRow, openStores } from '../support/factories/stored-orders.ts'
import { close, open } from '../support/scenes/two-people-switch.ts'
import { queueBackends } from '../support/servers/queue-backends.ts'
import { TEST_LIMIT_MS } from '../support/time.ts'

const ORDERS = 800
/** Confirms before the switch is closed: the workers are in full swing. */
const BEFORE = 60

const COUNTS = `SELECT (SELECT count(*)::int FROM attempts WHERE outcome NOT IN ('price_changed', 'not_sent')) AS intents,
  (SELECT count(*)::int FROM orders WHERE state = 'succeeded') AS succeeded,
  (SELECT count(*)::int FROM orders WHERE state = 'accepted') AS accepted,
  (SELECT count(*)::int FROM switch_waits WHERE ended_at IS NULL) AS waiting,
  (SELECT count(*)::int FROM attempts a, switch_closings c WHERE a.intent_at > c.closed_at
     AND (c.opened_at IS NULL OR a.intent_at < c.opened_at)) AS late`
interface Counts {
  /** Those that were sent, or may have been: a busy worker gives a quote back and takes another. */
  readonly intents: number
  readonly succeeded: number
  readonly accepted: number
  readonly waiting: number
  /** Intents that were committed while the switch was closed. */
  readonly late: number
}

describe.each(queueBackends())('with the queue in $name, three workers under load', ({ start, skip }) => {
  if (skip !== undefined) {
    it.skip(`are not tried: ${skip}`)
    return
  }
  const ends: (() => Promise<unknown>)[] = []
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  it('commit no intent once a switch is closed, and every order once when it is open again', async () => {
    const place = await start()
    ends.push(place.stop)
    const sandbox: Sandbox = await startSandbox({
      seed: 1,
      openWallets: { rupiah: 10 ** 12, goldWeight: 10 ** 9 },
    })
    ends.push(sandbox.stop)
    const stores = openStores(place.databaseUrl)
    ends.push(() => stores.database.close())
    const counts = () => oneRow<Counts>(stores.database, COUNTS)
    const reached = (is: (now: Counts) => boolean) =>
      eventually(async () => {
        const now = await counts()
        return is(now) ? now : null
      })
    const where = { databaseUrl: place.databaseUrl, redisUrl: place.redisUrl, gatewayUrl: sandbox.url }
    const producer = createProducer(
      place.redisUrl === null ? { databaseUrl: place.databaseUrl } : { redisUrl: place.redisUrl },
    )
    ends.push(() => producer.close())
    await producer.enqueueMany(
      Array.from({ length: ORDERS }, (_, n) => ({
        kind: 'buy',
        ...jobData.buy({
          reference: `S-${n}`,
          // Orders of one wallet would wait for each other.
          phone_number: `0818${String(n).padStart(7, '0')}`,
          deadline: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      })),
    )
    const workers: ChildProcess[] = []
    ends.push(() => Promise.all(workers.map(killProcess)))
    for (let n = 0; n < 3; n += 1) workers.push(await startWorkerProcess(where, null))
    await reached(({ succeeded }) => succeeded >= BEFORE)

    await close(place.databaseUrl, 'everything')
    await awaitConfirms(stores.database, { of: 'everything' }, TEST_LIMIT_MS, () => {})
    const closed = await counts()
    expect(closed.late).toBe(0)
    expect(closed.succeeded).toBe(closed.intents)
    expect(closed.succeeded).toBeLessThan(ORDERS)
    const confirms = await confirmsOf(sandbox)
    // The workers go on: they take every order of the queue, and let it wait.
    await reached(({ waiting }) => waiting === ORDERS - closed.succeeded)
    expect(await counts()).toMatchObject({ intents: closed.intents, late: 0 })
    expect(await confirmsOf(sandbox)).toBe(confirms)

    await open(place.databaseUrl, 'everything')
    await reached(({ succeeded }) => succeeded === ORDERS)
    expect(await counts()).toMatchObject({ intents: ORDERS, waiting: 0, late: 0 })
    expect(await confirmsOf(sandbox)).toBe(ORDERS)
  })
})

async function confirmsOf({ url }: Sandbox): Promise<number> {
  return ((await (await fetch(`${url}/sandbox/confirms`)).json()) as unknown[]).length
}
