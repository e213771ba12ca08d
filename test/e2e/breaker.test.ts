import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { type RunningWorker, startWorker } from '../../src/processes/worker.ts'
import { createProducer, type Producer } from '../../src/queue/producer.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { jobData } from '../support/factories/job-data.ts'
import { QUICK_RULES } from '../support/scenes/breaker-scene.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'

const RULES = { ...QUICK_RULES, unknownPercent: 20, pauseSeconds: 1 }
const LOST = 150

let place: TestDatabase
let sandbox: Sandbox
let producer: Producer
const workers: RunningWorker[] = []
beforeAll(async () => {
  place = await createTestDatabase()
  sandbox = await startSandbox({
    seed: 1,
    openWallets: { rupiah: (10 ** 12) as never, goldWeight: (10 ** 9) as never },
  })
  producer = createProducer({ databaseUrl: place.databaseUrl })
  for (const name of ['one', 'two'])
    workers.push(
      startWorker({
        databaseUrl: place.databaseUrl,
        redisUrl: null,
        gateway: openTestClient(sandbox.url),
        callTimeoutMs: 5_000,
        concurrency: 4,
        // Slow enough that the breaker acts before all orders are in doubt.
        ratePerSecond: 10,
        maxRequotes: 5,
        quoteMaxAgeMs: 60_000,
        breaker: RULES,
        name,
        log: silentLog,
        pace: { sweepEveryMs: 500, wakeAgainMs: 1_000, lockDurationMs: 30_000 },
      }),
    )
})
afterAll(async () => {
  await Promise.all(workers.map((each) => each.stop()))
  await producer?.close()
  await sandbox?.stop()
  await place?.drop()
})

const enqueue = (count: number) => {
  const deadline = new Date(Date.now() + 3_600_000).toISOString()
  return producer.enqueueMany(
    Array.from({ length: count }, () => ({ kind: 'buy', ...jobData.buy({ deadline }) }) as never),
  )
}

interface Counts {
  readonly succeeded: number
  readonly doubts: number
  readonly accepted: number
  readonly closed: number
  readonly openedBy: string[]
}
const counts = async (): Promise<Counts> => {
  const [row] = await sql<Counts>(
    place.databaseUrl,
    `SELECT count(*) FILTER (WHERE state = 'succeeded')::int AS succeeded, count(*) FILTER (WHERE state = 'in_doubt')::int AS doubts,
       count(*) FILTER (WHERE state = 'accepted')::int AS accepted,
       (SELECT count(*)::int FROM switch_closings WHERE opened_at IS NULL) AS closed,
       ARRAY(SELECT DISTINCT opened_by FROM switch_closings WHERE opened_at IS NOT NULL) AS "openedBy"
     FROM orders`,
  )
  if (row === undefined) throw new Error('no counts')
  return row
}
const reached = (is: (now: Counts) => boolean) =>
  eventually(async () => {
    const now = await counts()
    return is(now) ? now : null
  })

it('closes by itself when the gateway loses its replies, probes, and opens when they come again', async () => {
  await enqueue(10)
  await reached(({ succeeded }) => succeeded === 10)
  expect(await counts()).toMatchObject({ closed: 0, openedBy: [] })

  sandbox.setFault('reply_lost', { rate: 1, on: 'confirm' })
  await enqueue(LOST)
  const closed = await reached(({ closed }) => closed === 2)
  // The breaker acted within seconds: before most of them were in doubt.
  expect(closed.doubts).toBeLessThan(LOST / 2)
  // While the gateway is ill, only probes put something at risk, one at a time.
  await eventually(async () => {
    const [row] = await sql<{ probes: number }>(
      place.databaseUrl,
      `SELECT count(*)::int AS probes FROM breaker_probes WHERE outcome = 'in_doubt'`,
    )
    return (row?.probes ?? 0) >= 1 ? true : null
  })
  const [together] = await sql<{ most: number }>(
    place.databaseUrl,
    `SELECT coalesce(max(n), 0)::int AS most FROM (
       SELECT count(*) AS n FROM breaker_probes p JOIN breaker_probes q USING (closing_id)
       WHERE q.chosen_at > p.chosen_at AND q.chosen_at < coalesce(p.ended_at, 'infinity') GROUP BY p.order_id) x`,
  )
  expect(together?.most).toBe(0)

  sandbox.setFault('reply_lost', { rate: 0 })
  const end = await reached(
    ({ succeeded, doubts, closed: open }) => succeeded + doubts === 10 + LOST && open === 0,
  )
  expect(end.openedBy).toEqual(['breaker'])
  expect(end.succeeded).toBeGreaterThan(10)
  // A lost reply was executed: every order once.
  expect(sandbox.ledger()).toHaveLength(10 + LOST)
})
