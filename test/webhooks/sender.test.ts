import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PeriodicTask } from '../../src/core/periodic-task.ts'
import { startWebhookSender } from '../../src/webhooks/start-sender.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { anOrderIn, openStores } from '../support/factories/stored-orders.ts'
import { anEndpoint, endDoubt, verified } from '../support/scenes/webhook-endpoints.ts'
import { type ReceivedRequest, startServer, type TestServer } from '../support/servers/http-server.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let stores: ReturnType<typeof openStores>
const stops: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
  await stores.database.close()
  await test.drop()
})

async function aReceiver(
  answer: (request: ReceivedRequest, response: ServerResponse) => void,
): Promise<TestServer> {
  const server = await startServer(answer)
  stops.push(server.stop)
  return server
}

function aSender(leaseMs = 60_000): PeriodicTask {
  const { databaseUrl } = test
  const pace = { lookEveryMs: 20, lanesPerEndpoint: 4, lanes: 64 }
  const sender = startWebhookSender({ databaseUrl, leaseMs, allowLoopback: true, log: silentLog, pace })
  stops.push(sender.stop)
  return sender
}

async function aSenderProcess(leaseMs: number): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('dying-sender.mjs', import.meta.url))
  const child = fork(program, [JSON.stringify({ databaseUrl: test.databaseUrl, leaseMs })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return child
}

const waiting = async () => {
  const text = `SELECT count(*)::int AS count FROM webhook_deliveries WHERE state = 'pending'`
  const [row] = await stores.database.run<{ count: number }>(unnamed(text), [])
  return row?.count ?? 0
}
const allSent = () => eventually(async () => ((await waiting()) === 0 ? true : null))

/** Two events of each of so many orders. */
async function settledDoubts(count: number): Promise<string[]> {
  const orderIds: string[] = []
  for (let order = 0; order < count; order += 1) {
    const orderId = await anOrderIn(stores, 'in_doubt')
    await endDoubt(stores, orderId)
    orderIds.push(orderId)
  }
  return orderIds
}

const sequencesOf = (requests: readonly ReceivedRequest[], secret: string, orderId: string) =>
  requests
    .filter(({ body }) => body.includes(orderId))
    .map((request) => verified(request, secret).data.sequence)

describe('two senders at once', () => {
  it('send each event once, and each order’s events in order', async () => {
    const server = await aReceiver((_, response) => setTimeout(() => response.writeHead(204).end(), 5))
    const { secret } = await anEndpoint(stores.database, server.url)
    aSender()
    aSender()
    const orderIds = await settledDoubts(40)
    await allSent()
    for (const orderId of orderIds) expect(sequencesOf(server.requests, secret, orderId)).toEqual([1, 2])
    expect(server.requests).toHaveLength(80)
  })
})

describe('a sender', () => {
  it('that is killed in the middle of a send leaves it to another, under the same id', async () => {
    let received = 0
    const server = await aReceiver((_, response) => {
      received += 1
      // The first receiver has the message, and its answer never comes.
      if (received > 1) response.writeHead(204).end()
    })
    const { secret } = await anEndpoint(stores.database, server.url)
    const [orderId = ''] = await settledDoubts(1)
    const dying = await aSenderProcess(1_000)
    await eventually(async () => (received > 0 ? true : null))
    const exited = once(dying, 'exit')
    dying.kill('SIGKILL')
    expect(await exited).toEqual([null, 'SIGKILL'])
    expect(await waiting()).toBe(2)
    aSender()
    await allSent()
    expect(sequencesOf(server.requests, secret, orderId)).toEqual([1, 1, 2])
    const [first, second] = server.requests.map(({ headers }) => headers['webhook-id'])
    expect(second).toBe(first)
  })

  it('sends and records what it has taken before it stops, and takes nothing after', async () => {
    let release: (() => void) | null = null
    const server = await aReceiver((_, response) => {
      const answer = () => response.writeHead(204).end()
      if (release === null) release = answer
      else answer()
    })
    await anEndpoint(stores.database, server.url)
    await settledDoubts(20)
    const sender = aSender()
    const held = await eventually(async () => release)
    const stopped = sender.stop()
    held()
    await stopped
    stops.splice(stops.indexOf(sender.stop), 1)
    const text = `SELECT sum(tries)::int AS taken, count(*) FILTER (WHERE state = 'delivered')::int AS delivered FROM webhook_deliveries`
    const [row] = await stores.database.run(unnamed(text), [])
    expect(row).toEqual({ taken: server.requests.length, delivered: server.requests.length })
    expect(server.requests.length).toBeLessThan(40)
  })

  it('keeps nobody waiting for an endpoint that answers nothing, and sends it no more at once than it may', async () => {
    const held: ServerResponse[] = []
    const silent = await aReceiver((_, response) => void held.push(response))
    const brisk = await aReceiver((_, response) => response.writeHead(204).end())
    await anEndpoint(stores.database, silent.url)
    const { secret } = await anEndpoint(stores.database, brisk.url)
    const orderIds = await settledDoubts(10)
    aSender()
    await eventually(async () => (brisk.requests.length === 20 ? true : null))
    for (const orderId of orderIds) expect(sequencesOf(brisk.requests, secret, orderId)).toEqual([1, 2])
    await eventually(async () => (silent.requests.length >= 4 ? true : null))
    expect(silent.requests).toHaveLength(4)
    for (const response of held) response.writeHead(500).end()
  })

  it('goes on after Postgres has dropped its connections', async () => {
    const server = await aReceiver((_, response) => response.writeHead(204).end())
    await anEndpoint(stores.database, server.url)
    aSender(500)
    await settledDoubts(1)
    await allSent()
    const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
    await stores.database.run(unnamed(text), [])
    await eventually(async () => await settledDoubts(1).catch(() => null))
    await allSent()
    expect(server.requests.length).toBeGreaterThanOrEqual(4)
  })
})
