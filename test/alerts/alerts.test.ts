import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sendDueAlerts } from '../../src/alerts/deliver.ts'
import { raiseAlerts } from '../../src/alerts/raise.ts'
import { startRiskScheduler } from '../../src/processes/scheduler/risk-scheduler.ts'
import { beat } from '../../src/risk/heartbeat.ts'
import { createPost } from '../../src/webhooks/http-post.ts'
import { newSecret } from '../../src/webhooks/signing.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { aRecordedOrder, recordOrders } from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { type ReceivedRequest, startServer, type TestServer } from '../support/servers/http-server.ts'
import { sql } from '../support/servers/sessions.ts'

let scene: Scene
let receiver: TestServer
let received: ReceivedRequest[]
let status: number
const secret = newSecret()
beforeEach(async () => {
  scene = await openScene()
  received = []
  status = 200
  receiver = await startServer((request, response) => {
    received.push(request)
    response.writeHead(status).end()
  })
})
afterEach(async () => {
  await receiver.stop()
  await scene.close()
})

const deps = () => ({
  url: `${receiver.url}/hook?key=1`,
  secret,
  post: createPost({ allowLoopback: false, trustsUrl: true, timeoutMs: 5_000, resolve: async () => [] }),
  random: () => 0,
  log: silentLog,
})
const aDoubt = () => aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
const stateOf = () =>
  sql<{ kind: string; state: string; tries: number }>(
    scene.databaseUrl,
    'SELECT kind, state, tries FROM alerts ORDER BY kind',
  )
const makeDue = () => sql(scene.databaseUrl, `UPDATE alerts SET next_at = now() WHERE state = 'pending'`)

describe('alerts', () => {
  it('tell of overdue doubts in one message, signed as partners’ webhooks are, and of each once', async () => {
    const doubts = Array.from({ length: 25 }, aDoubt)
    await recordOrders(scene.databaseUrl, doubts)
    // The statements of their days are long overdue, but only a week back is looked at.
    expect(await raiseAlerts(scene.database)).toBe(1)
    expect(await raiseAlerts(scene.database)).toBe(0)
    await sendDueAlerts(scene.database, deps())
    await sendDueAlerts(scene.database, deps())
    expect(received).toHaveLength(1)
    const [request] = received
    const message = new Webhook(secret).verify(request?.body ?? '', request?.headers as never) as {
      type: string
      data: { count: number; rupiah: number; items: object[] }
    }
    expect(message).toMatchObject({ type: 'doubt.overdue', data: { count: 25, rupiah: 25 * 441_000 } })
    expect(message.data.items).toHaveLength(20)
    expect(request?.body).not.toMatch(/(?<![\w.-])(08|628)\d{8}/)
    await recordOrders(scene.databaseUrl, [aDoubt()])
    expect(await raiseAlerts(scene.database)).toBe(1)
  })

  it('are tried again until they are accepted, and a sender that died leaves them due', async () => {
    await recordOrders(scene.databaseUrl, [aDoubt()])
    await raiseAlerts(scene.database)
    status = 503
    await sendDueAlerts(scene.database, deps())
    expect(await stateOf()).toEqual([{ kind: 'doubt.overdue', state: 'pending', tries: 1 }])
    await makeDue()
    status = 204
    await sendDueAlerts(scene.database, deps())
    expect(await stateOf()).toEqual([{ kind: 'doubt.overdue', state: 'delivered', tries: 2 }])
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(
      Array(2).fill(received[0]?.headers['webhook-id']),
    )
  })

  it('tell of a silent process, an overdue statement and a paused endpoint', async () => {
    await recordOrders(scene.databaseUrl, [
      aRecordedOrder({ intentAt: new Date(Date.now() - 2 * 86_400_000) }),
    ])
    await beat(scene.database, { kind: 'worker', name: 'a-1' })
    await sql(
      scene.databaseUrl,
      `UPDATE process_heartbeats SET started_at = now() - interval '1 hour', seen_at = now() - interval '2 minutes'`,
    )
    await sql(
      scene.databaseUrl,
      `INSERT INTO webhook_endpoints (partner, url, kinds, state, paused_because, secret, created_by)
       VALUES ('acme', 'https://acme.example/', '{order.succeeded}', 'paused', 'gone', 'whsec_x', 'test')`,
    )
    expect(await raiseAlerts(scene.database)).toBe(3)
    expect((await stateOf()).map(({ kind }) => kind)).toEqual([
      'endpoint.paused',
      'process.silent',
      'statement.overdue',
    ])
    expect(await raiseAlerts(scene.database)).toBe(0)
  })

  it('are sent by schedulers, however many there are, each once', async () => {
    await recordOrders(scene.databaseUrl, [aDoubt()])
    const rules = {
      dailyAt: '07:30',
      lagMinutes: 60,
      doubtHours: 4,
      heldHours: 4,
      switchHours: 8,
      processSeconds: 60,
    }
    const parts = {
      databaseUrl: scene.databaseUrl,
      rules,
      receiver: { url: receiver.url, secret },
      log: silentLog,
    }
    const schedulers = [1, 2, 3].map(() => startRiskScheduler({ ...parts, everyMs: 20 }))
    await eventually(async () => ((await stateOf())[0]?.state === 'delivered' ? true : null))
    await Promise.all(schedulers.map((each) => each.stop()))
    expect(received).toHaveLength(1)
  })
})
