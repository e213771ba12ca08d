import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBatch } from '../../src/batches/create.ts'
import { NO_TRACES } from '../../src/core/traces.ts'
import { NO_LIMITS } from '../../src/partners/limits.ts'
import { keepRejectedJob } from '../../src/queue/keep-rejected-job.ts'
import { processJob } from '../../src/queue/process-job.ts'
import { NOT_COUNTED } from '../../src/queue/watched-order.ts'
import { scriptedGateway, testEffects } from '../support/deps.ts'
import { jobData } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { type BatchScene, BUDI, FAST, openBatchScene } from '../support/scenes/batch-scene.ts'
import { nine, openPlanScene, type PlanScene } from '../support/scenes/plan-scene.ts'
import { inSession, sql } from '../support/servers/sessions.ts'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'

// A customer of acme. Each test is another way in by which thief, with a key and a queue of its own, tries to take the gold.

const WALLET = '081234500701'
const SPELLINGS = ['081234500701', '+62 812-3450-0701', '6281234500701', '812 3450 0701']

const theft = (phone_number = WALLET) => ({
  ...jobData.transfer({ phone_number, recipient: '081234500999' }),
  partner: 'thief',
})

const ordersOfThief = (databaseUrl: string) =>
  sql<{ n: number }>(databaseUrl, `SELECT count(*)::int AS n FROM orders WHERE partner = 'thief'`)

describe('over HTTP', () => {
  let here: TestWeb

  beforeAll(async () => {
    here = await startTestWeb({ walletPolicy: 'first_use' })
  })

  afterAll(async () => {
    await here?.stop()
  })

  it.each([
    ['without limits', {}],
    ['with counted limits', { limits: { orders_per_minute: 100, rupiah_per_day: null } }],
  ])('a key of another partner, %s, moves nothing', async (_name, grant) => {
    const owner = await here.partner()
    const thief = await here.partner(grant)
    const body = (partner: string, kind: 'buy' | 'transfer', phone_number: string) => {
      const { partner: _, ...order } = jobData[kind]({ phone_number })
      return { kind, ...order, reference: `${partner}-${order.reference}` }
    }
    const wallet = `0812345007${owner.name.replace(/\D/g, '').padStart(2, '0')}`
    const bought = await here.ask('POST', '/v1/orders', { key: owner.key, body: body('o', 'buy', wallet) })
    expect(bought.status).toBe(202)
    for (const written of [wallet, wallet.replace(/^0/, '+62'), wallet.replace(/^0/, '62')]) {
      for (const kind of ['transfer', 'buy'] as const) {
        const reply = await here.ask('POST', '/v1/orders', { key: thief.key, body: body('t', kind, written) })
        expect(reply.status).toBe(403)
        expect(reply.json).toMatchObject({ code: 'wallet_refused' })
        expect(reply.text).not.toContain(owner.name)
      }
    }
    expect(await sql(here.databaseUrl, 'SELECT 1 FROM orders WHERE partner = $1', [thief.name])).toEqual([])
    const moved = await here.ask('POST', '/v1/orders', {
      key: owner.key,
      body: body('o', 'transfer', wallet),
    })
    expect(moved.status).toBe(202)
  })
})

describe('by the queue, a file or a plan', () => {
  let scene: BatchScene
  let plans: PlanScene

  beforeAll(async () => {
    scene = await openBatchScene()
    plans = await openPlanScene()
    for (const { databaseUrl } of [scene, plans]) {
      const { store, database } = openStores(databaseUrl)
      const job = { name: 'buy', data: jobData.buy({ phone_number: WALLET }) }
      expect(await runJob(store, database, job)).toMatchObject({ is: 'executed' })
      await database.close()
    }
  })

  afterAll(async () => {
    await scene?.close()
    await plans?.close()
  })

  async function runJob(
    store: ReturnType<typeof openStores>['store'],
    database: ReturnType<typeof openStores>['database'],
    { name, data }: { name: string; data: object },
  ) {
    const job = { id: randomUUID(), name, data, attemptsMade: 0 }
    return await processJob(job as never, {
      ...testEffects(store, scriptedGateway({})),
      ...{ traces: NO_TRACES, counts: NOT_COUNTED },
      laneLeft() {},
      keepRejected: (rejected) => keepRejectedJob(database, rejected),
    })
  }

  it.each(SPELLINGS)('a job for %s is rejected for good, with a row', async (written) => {
    const data = theft(written)
    const outcome = await runJob(scene.store, scene.database, { name: 'transfer', data })
    expect(outcome).toMatchObject({ is: 'refused', reason: expect.stringContaining('phone_number') })
    expect(outcome).not.toMatchObject({ reason: expect.stringMatching(/acme|0812|3450/) })
    expect(await ordersOfThief(scene.databaseUrl)).toEqual([{ n: 0 }])
    expect(
      await scene.rows('SELECT partner, field FROM rejected_jobs WHERE reference = $1', [data.reference]),
    ).toEqual([{ partner: 'thief', field: 'phone_number' }])
  })

  const fileOf = (data: Record<string, unknown>) => `${JSON.stringify({ kind: 'transfer', ...data })}\n`
  const refusedRow = {
    is: 'refused',
    badRows: 1,
    problems: [{ rowNumber: 1, column: 'phone_number', maskedValue: '08xxxxxxx701' }],
  }

  it('a batch file is refused with the row', async () => {
    const request = { fileName: 'pay.jsonl', partner: null, by: 'ani' }
    const result = await inSession(scene.databaseUrl, (session) =>
      createBatch(session, Readable.from([Buffer.from(fileOf(theft()))]), request),
    )
    expect(result).toMatchObject(refusedRow)
  })

  it('a batch file of the partner’s own is refused with the row', async () => {
    await scene.rows(`INSERT INTO partners (name, state, actor) VALUES ('thief', 'active', 'test')`)
    const owner = { partner: 'thief', limits: NO_LIMITS }
    const request = { fileName: 'pay.jsonl', partner: null, by: 'thief/main', owner }
    const { partner: _, ...data } = theft()
    const result = await inSession(scene.databaseUrl, (session) =>
      createBatch(session, Readable.from([Buffer.from(fileOf(data))]), request),
    )
    expect(result).toMatchObject(refusedRow)
  })

  it('a row whose wallet became another’s after the approval is refused at its turn, and the others are fed', async () => {
    const wallet = '081234500702'
    const lines = [theft(wallet), theft('081234500703')].map(fileOf)
    const batchId = await scene.batchIn('approved', lines.join(''))
    const owned = jobData.buy({ phone_number: wallet })
    expect(await runJob(scene.store, scene.database, { name: 'buy', data: owned })).toMatchObject({
      is: 'executed',
    })
    await inSession(scene.databaseUrl, async (session) => {
      const { runBatch } = await import('../../src/batches/commands.ts')
      await runBatch(session, batchId, FAST, BUDI)
    })
    await scene.finish(batchId)
    expect(
      await scene.rows(
        'SELECT row_number, outcome, reason, order_id IS NULL AS none FROM ops.batch_rows WHERE batch_id = $1 ORDER BY 1',
        [batchId],
      ),
    ).toEqual([
      { row_number: 1, outcome: 'refused', reason: 'wallet_refused', none: true },
      { row_number: 2, outcome: 'succeeded', reason: 'executed', none: false },
    ])
  })

  it('a plan skips its run and says why', async () => {
    await plans.add({
      partner: 'thief',
      source: {
        is: 'order',
        kind: 'transfer',
        phone_number: WALLET,
        content: { gold_weight: '0.5000', recipient: '081234500999', remarks: 'gift' },
      },
    })
    await plans.tick(nine(1))
    expect(await plans.runs()).toEqual(['0 skipped wallet_refused'])
    expect(await ordersOfThief(plans.databaseUrl)).toEqual([{ n: 0 }])
  })
})
