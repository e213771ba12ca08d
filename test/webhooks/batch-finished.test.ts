import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cancelBatch } from '../../src/batches/commands.ts'
import { addBatchPlan } from '../../src/plans/batch-source.ts'
import { runDuePlans } from '../../src/plans/run-due.ts'
import { ENDPOINT_KINDS, ORDER_EVENT_KINDS } from '../../src/webhooks/enums.ts'
import { silentLog } from '../support/deps.ts'
import { WALLET } from '../support/factories/job-data.ts'
import { anAccepted, passDeadlines } from '../support/factories/stored-orders.ts'
import { ANI, aPrefix, type BatchScene, buysFile, openBatchScene } from '../support/scenes/batch-scene.ts'
import { ownEveryBatch } from '../support/scenes/own-batch.ts'
import { leadAt, nine, planTerms } from '../support/scenes/plan-scene.ts'
import {
  anEndpoint,
  endDoubt,
  passTime,
  sendDue,
  type TestEndpoint,
  verified,
} from '../support/scenes/webhook-endpoints.ts'
import { type ReceivedRequest, startServer, type TestServer } from '../support/servers/http-server.ts'

const KINDS = ['batch.finished']

let scene: BatchScene
let server: TestServer
let endpoint: TestEndpoint
let status = 204

beforeEach(async () => {
  status = 204
  server = await startServer((_, response) => response.writeHead(status).end())
  scene = await openBatchScene()
  await ownEveryBatch(scene.database, 'acme')
  endpoint = await anEndpoint(scene.database, server.url, { kinds: KINDS })
  return async () => {
    await scene.close()
    await server.stop()
  }
})

const events = () => scene.rows<{ batch: number }>('SELECT batch_id AS batch FROM webhook_events ORDER BY at')
const send = async (afterMs = 0) => {
  await passTime(scene.database, afterMs)
  await sendDue(scene.database)
  const message = (request: ReceivedRequest) => verified(request, endpoint.secret)
  return server.requests.splice(0).map(message)
}

/** A batch with one row of every outcome, up to its last turn. */
async function aMixedBatch(): Promise<{ batchId: number; doubtful: string }> {
  const prefix = aPrefix()
  await anAccepted(scene, 'buy', { reference: `${prefix}-6`, gold_weight: '0.7' })
  const batchId = await scene.batchIn('running', buysFile(6, prefix))
  await scene.feed()
  const orders = await scene.rows<{ id: string }>(
    'SELECT order_id AS id FROM batch_rows WHERE order_id IS NOT NULL ORDER BY row_number',
  )
  const [succeeded = '', rejected = '', doubtful = '', expired = '', cancelled = ''] = orders.map(
    ({ id }) => id,
  )
  await scene.end([succeeded], 'succeeded')
  await scene.end([rejected], 'rejected')
  await scene.end([doubtful], 'in_doubt')
  const move = { actor: 'person:test', detail: null }
  await passDeadlines(scene.database, { orderId: expired })
  await scene.store.move('expire', [{ orderId: expired, reason: 'deadline_passed', ...move }])
  await scene.store.move('cancel', [{ orderId: cancelled, reason: 'cancel_requested', ...move }])
  return { batchId, doubtful }
}

describe('a partner’s own batch', () => {
  it('that finishes is told once, with its rows by outcome and nobody’s number', async () => {
    const { batchId } = await aMixedBatch()
    expect(await events()).toEqual([])
    await scene.feed()
    await scene.feed()
    const [message, ...more] = await send()
    expect(more).toEqual([])
    expect(message).toEqual({
      type: 'batch.finished',
      timestamp: expect.any(String),
      data: {
        ...{ batch_id: batchId, file_name: 'test.csv', rows: 6, succeeded: 1, rejected: 1, expired: 1 },
        ...{ cancelled: 1, in_doubt: 1, conflicts: 1, finished_at: expect.any(String) },
      },
    })
    const { ended_at } = (await scene.rows<{ ended_at: Date }>('SELECT ended_at FROM batches'))[0] ?? {}
    expect([message?.timestamp, message?.data.finished_at]).toEqual(Array(2).fill(ended_at?.toISOString()))
    expect(JSON.stringify(message)).not.toContain(WALLET)
  })

  it('says at every try what it was when it finished, though a doubt has been settled since', async () => {
    const { doubtful } = await aMixedBatch()
    await scene.feed()
    status = 500
    const [first] = await send()
    await endDoubt(scene, doubtful)
    status = 204
    const [second] = await send(60_000)
    expect(second).toEqual(first)
    expect(second?.data).toMatchObject({ in_doubt: 1, succeeded: 1 })
  })

  it.each(['checked', 'approved', 'running', 'paused', 'cancelled'] as const)(
    'that is %s tells nothing',
    async (state) => {
      await scene.batchIn(state)
      expect(await events()).toEqual([])
    },
  )

  it('that is cancelled in the middle tells nothing', async () => {
    const batchId = await scene.batchIn('running')
    await scene.feed()
    await scene.inSession((session) => cancelBatch(session, batchId, ANI))
    expect(await events()).toEqual([])
  })

  it('tells nothing when the transaction in which it finishes is rolled back', async () => {
    const { batchId } = await aMixedBatch()
    const rolledBack = scene.rows(
      `WITH moved AS (
         UPDATE batches SET state = 'finished', reason = 'every_row_ended', fed_count = row_count, ended_count = row_count
         WHERE id = $1 RETURNING id
       )
       SELECT 1 / (SELECT count(*) - 1 FROM moved)`,
      [batchId],
    )
    // Division by zero.
    await expect(rolledBack).rejects.toMatchObject({ code: '22012' })
    expect(await events()).toEqual([])
  })

  it('that a plan copied is told too', async () => {
    const modelId = await scene.batchIn('approved')
    const wish = { batchId: modelId, ratePerSecond: 1_000, stopAfter: null }
    await scene.inSession((session) =>
      addBatchPlan(session, planTerms({ owner: 'acme' }), wish, leadAt(nine(-1))),
    )
    const deps = { actor: 'scheduler:test', newId: randomUUID, log: silentLog, wake: async () => {} }
    await scene.inSession((session) => runDuePlans(session, { ...deps, clock: async () => nine() }))
    const [copy] = await scene.rows<{ id: number }>('SELECT id FROM batches WHERE copied_from = $1', [
      modelId,
    ])
    await scene.finish(copy?.id ?? 0)
    expect(await events()).toEqual([{ batch: copy?.id }])
    expect(await send()).toMatchObject([{ type: 'batch.finished', data: { batch_id: copy?.id, rows: 3 } }])
  })
})

describe('a batch that finishes', () => {
  it('is told to endpoints of its owner that take the kind, and is kept for a paused one', async () => {
    await scene.rows(`UPDATE webhook_endpoints SET state = 'paused', paused_because = 'person'`)
    await anEndpoint(scene.database, 'https://other.example', { partner: 'other' })
    await anEndpoint(scene.database, 'https://before.example', {
      kinds: [...ORDER_EVENT_KINDS],
    })
    const all = await anEndpoint(scene.database, 'https://all.example', { kinds: [...ENDPOINT_KINDS] })
    await scene.batchIn('finished')
    const deliveries = await scene.rows<{ id: number }>(
      `SELECT endpoint_id AS id FROM webhook_deliveries JOIN webhook_events v ON v.id = event_id
       WHERE v.kind = 'batch.finished' ORDER BY endpoint_id`,
    )
    expect(deliveries.map(({ id }) => id)).toEqual([endpoint.id, all.id])
  })

  it('has no event while nobody takes it', async () => {
    await scene.rows(`UPDATE webhook_endpoints SET state = 'removed', secret = NULL`)
    await scene.batchIn('finished')
    expect(await events()).toEqual([])
  })
})

describe('a batch without an owner', () => {
  let unowned: BatchScene
  beforeEach(async () => {
    unowned = await openBatchScene()
  })
  afterEach(async () => {
    await unowned.close()
  })

  it('is an operator’s, and tells no partner', async () => {
    await anEndpoint(unowned.database, 'https://acme.example', { kinds: KINDS })
    await unowned.batchIn('finished')
    expect(await unowned.rows('SELECT * FROM webhook_events')).toEqual([])
  })
})
