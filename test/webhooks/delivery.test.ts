import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  PAUSE_AFTER_MS,
  PAUSE_AFTER_TRIES,
  RETRY_DELAYS_MS,
  retryDelayMs,
} from '../../src/webhooks/backoff.ts'
import { claimTest } from '../../src/webhooks/claim-test.ts'
import { deliver } from '../../src/webhooks/deliver.ts'
import { claimDelivery, readEndpointsDue } from '../../src/webhooks/deliveries.ts'
import { pauseEndpoint, resumeEndpoint } from '../../src/webhooks/endpoint-states.ts'
import { rotateSecret } from '../../src/webhooks/endpoints.ts'
import { readWebhookLag } from '../../src/webhooks/lag.ts'
import { listTries } from '../../src/webhooks/read-deliveries.ts'
import { recordTry, type TryResult } from '../../src/webhooks/record-try.ts'
import { replayDeliveries } from '../../src/webhooks/replay-deliveries.ts'
import { cutReply } from '../../src/webhooks/reply-cut.ts'
import { LEASE_MS, openPost } from '../../src/webhooks/start-sender.ts'
import { silentLog } from '../support/deps.ts'
import { KTP, postalAddress, RECIPIENT, WALLET } from '../support/factories/job-data.ts'
import { anOrderIn, openStores } from '../support/factories/stored-orders.ts'
import {
  anEndpoint,
  endDoubt,
  passTime,
  sendDue,
  type TestEndpoint,
  verified,
  type WebhookMessage,
  withClockOff,
} from '../support/scenes/webhook-endpoints.ts'
import { type ReceivedRequest, startServer, type TestServer } from '../support/servers/http-server.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

const HOUR_MS = 3_600_000

let test: Awaited<ReturnType<typeof createTestDatabase>>
let stores: ReturnType<typeof openStores>
let server: TestServer
let endpoint: TestEndpoint
/** How the receiver answers; each test has its own. */
let answer: (request: ReceivedRequest) => { status: number; text?: string; retryAfter?: string }
/** How much time the test has let pass. */
let passedMs = 0
const pass = async (ms: number) => {
  passedMs += ms
  await passTime(stores.database, ms)
}

beforeAll(async () => {
  server = await startServer((request, response) => {
    const { status, text = '', retryAfter } = answer(request)
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end(text)
  })
})
afterAll(async () => {
  await server?.stop()
})
beforeEach(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
  server.requests.length = 0
  answer = () => ({ status: 204 })
  passedMs = 0
  endpoint = await anEndpoint(stores.database, server.url)
  return async () => {
    await stores.database.close()
    await test.drop()
  }
})

const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  stores.database.run<Row>(unnamed(text), values)
const send = () => sendDue(stores.database)
const idOf = ({ headers }: ReceivedRequest) => String(headers['webhook-id'])
const last = (): ReceivedRequest => {
  const request = server.requests.at(-1)
  if (request === undefined) throw new Error('nothing was received')
  return request
}
const message = (request = last()): WebhookMessage => verified(request, endpoint.secret)
const stateOfEndpoint = async () =>
  (
    await run<{ state: string; message: string | null }>(
      'SELECT state, paused_because AS message FROM webhook_endpoints WHERE id = $1',
      [endpoint.id],
    )
  )[0]
const deliveries = () =>
  run<{ sequence: number; state: string }>(
    'SELECT sequence, state FROM webhook_deliveries ORDER BY order_id, sequence',
  )

/** From the last failure to the next try, as it is stored. */
const scheduledDelayMs = async () => {
  const [row] = await run<{ ms: number }>(
    `SELECT extract(epoch FROM d.next_at - t.at)::float8 * 1000 AS ms FROM webhook_deliveries d JOIN webhook_tries t
       ON t.event_id = d.event_id AND t.endpoint_id = d.endpoint_id AND t.try = d.tries`,
  )
  return row?.ms
}

/** Has an endpoint's failures so far forgotten, and nothing sent sooner for it. */
const resumeFailing = () => run('UPDATE webhook_endpoints SET failing_since = NULL')

/** Lets time go by in steps, sending whatever becomes due. */
async function live(forMs: number, stepMs = 15 * 60_000): Promise<void> {
  const endMs = passedMs + forMs
  while (passedMs < endMs) {
    await pass(stepMs)
    await send()
  }
}

/** An order that came into doubt and out of it: two events. */
async function aSettledDoubt(): Promise<string> {
  const orderId = await anOrderIn(stores, 'in_doubt')
  await endDoubt(stores, orderId)
  return orderId
}

describe('a message', () => {
  it('tells a success with what was executed, and verifies', async () => {
    const orderId = await anOrderIn(stores, 'succeeded')
    await send()
    const { type, timestamp, data } = message()
    expect(type).toBe('order.succeeded')
    expect(new Date(timestamp).toISOString()).toBe(timestamp)
    expect(data).toEqual({
      order_id: orderId,
      sequence: 1,
      partner: 'acme',
      reference: expect.stringMatching(/^order-/),
      kind: 'buy',
      state: 'succeeded',
      reason: 'executed',
      accepted_at: expect.stringMatching(/^\d{4}-.*Z$/),
      executed: {
        gold_weight: '0.5000',
        amount: 441_000,
        fee: 5_000,
        session_id: expect.stringMatching(/^S\d+$/),
        response_id: expect.stringMatching(/^R\d+$/),
      },
    })
    expect(last().headers).toMatchObject({ 'content-type': 'application/json' })
    expect(await deliveries()).toEqual([{ sequence: 1, state: 'delivered' }])
  })

  it('tells what the event was, not what the order has become since', async () => {
    await aSettledDoubt()
    await send()
    const messages = server.requests.map((request) => message(request))
    expect(messages.map(({ type }) => type)).toEqual(['order.in_doubt', 'order.resolved'])
    expect(messages.map(({ data }) => [data.sequence, data.state, data.reason, data.executed])).toEqual([
      [1, 'in_doubt', 'reply_lost', null],
      [2, 'succeeded', 'late_reply', expect.objectContaining({ amount: 441_000 })],
    ])
  })

  it.each(['transfer', 'withdraw'] as const)('about a %s has nobody’s number or address', async (kind) => {
    await anOrderIn(stores, 'succeeded', kind)
    await anOrderIn(stores, 'in_doubt', kind)
    await send()
    expect(server.requests).toHaveLength(2)
    const { address, subdistrict, note } = postalAddress() as Record<string, string>
    for (const { body, headers } of server.requests)
      for (const personal of [WALLET, RECIPIENT, KTP, address, subdistrict, note, 'gift'])
        expect(body + JSON.stringify(headers)).not.toContain(personal)
  })

  it('that was altered or is old does not verify', async () => {
    await anOrderIn(stores, 'cancelled')
    await send()
    const request = last()
    const fails = (changed: Partial<ReceivedRequest>, atMs = Date.now()) =>
      expect(() => verified({ ...request, ...changed }, endpoint.secret, atMs)).toThrow()
    const withHeader = (name: string, value: string) => ({ headers: { ...request.headers, [name]: value } })
    expect(message()).toBeDefined()
    fails({ body: request.body.replace('cancelled', 'succeeded') })
    fails({ body: `${request.body} ` })
    fails(withHeader('webhook-id', 'other'))
    fails(withHeader('webhook-timestamp', String(Number(request.headers['webhook-timestamp']) + 1)))
    fails(withHeader('webhook-signature', 'v1,AAAA'))
    fails({}, Date.now() + 6 * 60_000)
    fails({}, Date.now() - 6 * 60_000)
    expect(() => new Webhook('whsec_AAAA').verify(request.body, request.headers as never)).toThrow()
  })

  it('is signed with both secrets while they rotate, and then with the new one alone', async () => {
    const rotated = await rotateSecret(stores.database, endpoint.id, HOUR_MS)
    const fresh = rotated?.secret ?? ''
    await anOrderIn(stores, 'cancelled')
    await send()
    expect(String(last().headers['webhook-signature']).split(' ')).toHaveLength(2)
    for (const secret of [endpoint.secret, fresh]) expect(verified(last(), secret)).toBeDefined()
    await pass(HOUR_MS + 5_000)
    await anOrderIn(stores, 'cancelled')
    await send()
    expect(verified(last(), fresh)).toBeDefined()
    expect(() => verified(last(), endpoint.secret)).toThrow()
  })

  it('is signed with the new secret alone when it was rotated without an overlap', async () => {
    await rotateSecret(stores.database, endpoint.id, 0)
    await anOrderIn(stores, 'cancelled')
    await send()
    expect(() => verified(last(), endpoint.secret)).toThrow()
  })
})

describe('a receiver that is down for 20 hours', () => {
  it('gets every event afterwards, in order, under the id it was first tried with', async () => {
    const upAtMs = 20 * HOUR_MS
    answer = () => ({ status: passedMs < upAtMs ? 503 : 200 })
    const orderIds = [await aSettledDoubt(), await aSettledDoubt(), await aSettledDoubt()]
    const received: { id: string; message: WebhookMessage }[] = []
    while (passedMs < upAtMs + 8 * HOUR_MS) {
      const before = server.requests.length
      await live(15 * 60_000)
      if (passedMs < upAtMs) continue
      for (const request of server.requests.slice(before))
        received.push({ id: idOf(request), message: message(request) })
    }
    for (const orderId of orderIds) {
      const ofOrder = received.filter(({ message }) => message.data.order_id === orderId)
      expect(ofOrder.map(({ message }) => message.data.sequence)).toEqual([1, 2])
    }
    const ids = new Set(server.requests.map(idOf))
    expect(ids.size).toBe(6)
    // The second events were not even tried before the first were through.
    const tries = await run<{ sequence: number; tries: number }>(
      'SELECT sequence, tries FROM webhook_deliveries ORDER BY sequence',
    )
    expect(tries.filter(({ sequence }) => sequence === 2).every(({ tries }) => tries === 1)).toBe(true)
    expect(await stateOfEndpoint()).toEqual({ state: 'active', message: null })
  })
})

describe('an endpoint that fails for 24 hours', () => {
  it('is paused and announced; what happens meanwhile is kept, and sent once it is resumed', async () => {
    const told: { fields: object; message: string }[] = []
    const log = {
      ...{ debug() {}, info() {}, warn() {} },
      error: (fields: object, message: string) => void told.push({ fields, message }),
    }
    answer = () => ({ status: 500, text: 'broken' })
    await aSettledDoubt()
    const downSinceMs = passedMs
    while ((await stateOfEndpoint())?.state === 'active' && passedMs < downSinceMs + 48 * HOUR_MS) {
      await pass(15 * 60_000)
      await sendDue(stores.database, { log })
    }
    expect(await stateOfEndpoint()).toEqual({ state: 'paused', message: 'failing' })
    expect(passedMs - downSinceMs).toBeGreaterThanOrEqual(PAUSE_AFTER_MS)
    expect(told).toMatchObject([{ fields: { endpoint: endpoint.id, message: 'failing' } }])
    expect((await deliveries()).map(({ state }) => state)).toEqual(['pending', 'pending'])

    await anOrderIn(stores, 'cancelled')
    const triedBefore = server.requests.length
    await live(72 * HOUR_MS, HOUR_MS)
    expect(server.requests).toHaveLength(triedBefore)

    answer = () => ({ status: 200 })
    expect(await resumeEndpoint(stores.database, endpoint.id)).toBe(3)
    await send()
    const kinds = server.requests.slice(triedBefore).map((request) => message(request).type)
    expect(kinds.sort()).toEqual(['order.cancelled', 'order.in_doubt', 'order.resolved'])
    expect(await stateOfEndpoint()).toEqual({ state: 'active', message: null })
  })

  it('is paused and announced once, however many sends fail at the same time', async () => {
    const claims = []
    for (let order = 0; order < 8; order += 1) await anOrderIn(stores, 'cancelled')
    await run('UPDATE webhook_deliveries SET tries = $1', [PAUSE_AFTER_TRIES])
    for (let order = 0; order < 8; order += 1)
      claims.push(await claimDelivery(stores.database, endpoint.id, 60_000))
    await run(`UPDATE webhook_endpoints SET failing_since = now() - interval '25 hours'`)
    const failed = {
      ...{ durationMs: 1, httpStatus: 500, trouble: null, reply: '', isGone: false },
      following: { is: 'pending', delayMs: 0 },
    } as const
    const paused = await Promise.all(
      claims.map((claim) => {
        if (claim === null) throw new Error('not taken')
        return recordTry(stores.database, claim, failed, PAUSE_AFTER_MS)
      }),
    )
    expect(paused.filter((each) => each !== null)).toHaveLength(1)
    expect(await stateOfEndpoint()).toEqual({ state: 'paused', message: 'failing' })
    await pass(HOUR_MS)
    expect(await claimDelivery(stores.database, endpoint.id, 1_000)).toBeNull()
  })

  it('is not paused by the first failure after the sender itself was away for days', async () => {
    answer = () => ({ status: 500 })
    await anOrderIn(stores, 'cancelled')
    await send()
    await pass(48 * HOUR_MS)
    expect(await send()).toBe(1)
    expect(await stateOfEndpoint()).toEqual({ state: 'active', message: null })
    await live(2 * HOUR_MS)
    expect(await stateOfEndpoint()).toEqual({ state: 'paused', message: 'failing' })
  })

  it('still says since when it failed after a test has reached it', async () => {
    await run(
      `UPDATE webhook_endpoints SET state = 'paused', paused_because = 'failing', failing_since = now() - interval '25 hours'`,
    )
    const claim = await claimTest(stores.database, endpoint.id, 1_000)
    if (claim === null) throw new Error('not taken')
    const result = { durationMs: 1, httpStatus: 200, trouble: null, reply: '', isGone: false }
    await recordTry(stores.database, claim, { ...result, following: { is: 'delivered' } }, null)
    const [row] = await run<{ since: Date | null }>('SELECT failing_since AS since FROM webhook_endpoints')
    expect(row?.since).not.toBeNull()
  })

  it('is paused at once when it answers 410', async () => {
    answer = () => ({ status: 410 })
    await anOrderIn(stores, 'cancelled')
    await send()
    expect(await stateOfEndpoint()).toEqual({ state: 'paused', message: 'gone' })
  })
})

describe('a delivery', () => {
  it('that alone keeps failing is given up after more than 24 hours, and the order’s next one follows', async () => {
    answer = ({ body }) => ({ status: body.includes('"order.in_doubt"') ? 500 : 200 })
    await aSettledDoubt()
    const startMs = passedMs
    let endedMs: number | null = null
    while (passedMs < startMs + 60 * HOUR_MS) {
      // Other orders go through, so the endpoint is not failing.
      await anOrderIn(stores, 'cancelled')
      await live(HOUR_MS)
      const [{ state } = { state: '' }] = await run<{ state: string }>(
        `SELECT state FROM webhook_deliveries d JOIN webhook_events v ON v.id = d.event_id WHERE v.kind = 'order.in_doubt'`,
      )
      if (state === 'given_up') endedMs ??= passedMs
    }
    expect((endedMs ?? 0) - startMs).toBeGreaterThan(24 * HOUR_MS)
    const doubts = server.requests.filter(({ body }) => body.includes('"order.in_doubt"'))
    expect(doubts).toHaveLength(RETRY_DELAYS_MS.length + 1)
    const resolved = server.requests.findIndex(({ body }) => body.includes('"order.resolved"'))
    expect(resolved).toBeGreaterThan(server.requests.lastIndexOf(doubts.at(-1) as ReceivedRequest))
    expect(await stateOfEndpoint()).toEqual({ state: 'active', message: null })

    answer = () => ({ status: 200 })
    await replayDeliveries(stores.database, { of: 'given_up', endpointId: endpoint.id })
    await send()
    expect(idOf(last())).toBe(idOf(doubts[0] as ReceivedRequest))
    expect(message().type).toBe('order.in_doubt')
  })

  it('is tried again after pauses that together last more than 24 hours, and that jitter only lengthens', () => {
    for (const random of [0, 0.999]) {
      const delays = RETRY_DELAYS_MS.map((_, step) => retryDelayMs(step, random) ?? 0)
      expect(delays.reduce((sum, delay) => sum + delay)).toBeGreaterThan(24 * HOUR_MS)
      delays.forEach((delay, step) => {
        expect(delay).toBeGreaterThanOrEqual(RETRY_DELAYS_MS[step] ?? 0)
      })
    }
    expect(retryDelayMs(1, 0)).not.toBe(retryDelayMs(1, 0.9))
    expect(retryDelayMs(RETRY_DELAYS_MS.length, 0)).toBeNull()
  })

  it.each([301, 400, 401, 404, 429, 500])(
    'answered %d is not delivered, and is tried again',
    async (status) => {
      answer = () => ({ status })
      await anOrderIn(stores, 'cancelled')
      await send()
      expect(await deliveries()).toEqual([{ sequence: 1, state: 'pending' }])
      answer = () => ({ status: 200 })
      await pass(HOUR_MS)
      await send()
      expect(await deliveries()).toEqual([{ sequence: 1, state: 'delivered' }])
    },
  )

  it.each([429, 503])('answered %d is not tried again before the receiver wishes', async (status) => {
    answer = () => ({ status, retryAfter: '1200' })
    await anOrderIn(stores, 'cancelled')
    await send()
    expect(await scheduledDelayMs()).toBe(1_200_000)
    answer = () => ({ status: 200 })
    await pass(600_000)
    expect(await send()).toBe(0)
    await pass(600_000)
    expect(await send()).toBe(1)
  })

  it.each([
    [503, '1', 'a shorter wish'],
    [429, 'soon', 'a wish that cannot be read'],
    [500, '1200', 'another status'],
  ])('keeps to its pauses whatever a %d with Retry-After %s says: %s', async (status, retryAfter) => {
    answer = () => ({ status, retryAfter })
    await anOrderIn(stores, 'cancelled')
    await send()
    // Five seconds, lengthened by half of the most that jitter adds.
    expect(await scheduledDelayMs()).toBe(5_500)
    await pass(5_500)
    expect(await send()).toBe(1)
  })

  it('waits an hour at most for a receiver that wishes for days, and is given up in its time', async () => {
    answer = () => ({ status: 503, retryAfter: '864000' })
    await anOrderIn(stores, 'cancelled')
    let tries = await send()
    while (tries <= RETRY_DELAYS_MS.length) {
      await pass(Math.max(HOUR_MS, RETRY_DELAYS_MS[tries - 1] ?? 0) * 1.2)
      // The endpoint is failing all the time: kept active, so that the delivery's own end is seen.
      await resumeFailing()
      expect(await send()).toBe(1)
      tries += 1
    }
    expect(await deliveries()).toEqual([{ sequence: 1, state: 'given_up' }])
  })

  it('is not sent while the endpoint is paused', async () => {
    await pauseEndpoint(stores.database, endpoint.id, 'asked for')
    await anOrderIn(stores, 'cancelled')
    await pass(HOUR_MS)
    expect(await send()).toBe(0)
    expect(await claimDelivery(stores.database, endpoint.id, 1_000)).toBeNull()
  })

  const delivered: TryResult = {
    ...{ durationMs: 1, httpStatus: 200, trouble: null, reply: '' },
    ...{ following: { is: 'delivered' }, isGone: false },
  }

  it('that was taken comes back when its sender says nothing, and belongs to whoever took it last', async () => {
    await anOrderIn(stores, 'cancelled')
    const take = () => claimDelivery(stores.database, endpoint.id, 60_000)
    const first = await take()
    expect(await take()).toBeNull()
    await pass(60_001)
    const second = await take()
    expect([first?.try, second?.try]).toEqual([1, 2])
    if (first === null || second === null) throw new Error('not taken')
    const failed = { ...delivered, following: { is: 'given_up' } } as const
    await recordTry(stores.database, first, failed, PAUSE_AFTER_MS)
    expect(await deliveries()).toEqual([{ sequence: 1, state: 'pending' }])
    await recordTry(stores.database, second, delivered, PAUSE_AFTER_MS)
    expect(await deliveries()).toEqual([{ sequence: 1, state: 'delivered' }])
    expect((await listTries(stores.database, first.eventId)).map((row) => row.try)).toEqual([1, 2])
  })

  it.each([
    ['before it has sent', 'post', [1, 2]],
    ['before it has recorded the answer', 'record', [1, 1, 2]],
  ] as const)(
    'of a sender that dies %s comes under its id, and in order',
    async (_when, point, sequences) => {
      await aSettledDoubt()
      const claim = await claimDelivery(stores.database, endpoint.id, LEASE_MS)
      if (claim === null) throw new Error('not taken')
      const die = async () => {
        throw new Error('died')
      }
      const deps = {
        ...{
          post: openPost(true),
          record: () => Promise.resolve(null),
          monotonicMs: () => performance.now(),
          random: () => 0,
          log: silentLog,
        },
        [point]: die,
      }
      await expect(deliver(claim, deps)).rejects.toThrow('died')
      expect(await send()).toBe(0)
      await pass(LEASE_MS)
      await send()
      expect(server.requests.map(({ body }) => JSON.parse(body).data.sequence)).toEqual(sequences)
      expect(new Set(server.requests.map(idOf)).size).toBe(2)
      expect((await deliveries()).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
    },
  )

  it('that is on its way is not sent a second time beside it when its endpoint is resumed', async () => {
    await anOrderIn(stores, 'cancelled')
    const take = () => claimDelivery(stores.database, endpoint.id, 60_000)
    const taken = await take()
    if (taken === null) throw new Error('not taken')
    await resumeEndpoint(stores.database, endpoint.id)
    expect(await take()).toBeNull()
    // Once it is known to have failed, resuming hurries it.
    const failed = { ...delivered, httpStatus: 500 }
    const following = { is: 'pending', delayMs: HOUR_MS } as const
    await recordTry(stores.database, taken, { ...failed, following }, PAUSE_AFTER_MS)
    expect(await take()).toBeNull()
    await resumeEndpoint(stores.database, endpoint.id)
    expect((await take())?.try).toBe(2)
  })

  it('is replayed in the order of its sequence, also among what still waits', async () => {
    for (let order = 0; order < 2; order += 1) await aSettledDoubt()
    await send()
    answer = () => ({ status: 500 })
    await aSettledDoubt()
    await send()
    const since = new Date(0)
    const replayed = { of: 'since', endpointId: endpoint.id, since } as const
    expect(await replayDeliveries(stores.database, replayed)).toBe(4)
    server.requests.length = 0
    answer = () => ({ status: 200 })
    await live(HOUR_MS)
    const all = server.requests.map(({ body }) => JSON.parse(body).data)
    expect(all).toHaveLength(6)
    for (const id of new Set(all.map(({ order_id }) => order_id)))
      expect(all.filter(({ order_id }) => order_id === id).map(({ sequence }) => sequence)).toEqual([1, 2])
  })

  it('is told by the lag until it is delivered', async () => {
    await anOrderIn(stores, 'cancelled')
    await anOrderIn(stores, 'cancelled')
    const lag = async () => (await readWebhookLag(stores.database))[0]
    await makeEventsOlder(HOUR_MS)
    expect(await lag()).toMatchObject({
      endpointId: endpoint.id,
      partner: 'acme',
      state: 'active',
      pending: 2,
    })
    expect((await lag())?.oldestPendingSeconds).toBeGreaterThanOrEqual(3_600)
    await send()
    expect(await lag()).toMatchObject({ pending: 0, oldestPendingSeconds: 0 })
  })
})

/** Events never change, so only a session without triggers can make them older. */
async function makeEventsOlder(byMs: number): Promise<void> {
  await stores.database.transaction(async (runner) => {
    await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
    const text = `UPDATE webhook_events SET at = at - $1::float8 * interval '1 millisecond'`
    await runner.run(unnamed(text), [byMs])
  })
}

describe.each([
  ['ahead', HOUR_MS],
  ['behind', -HOUR_MS],
] as const)('a sender whose own clock is an hour %s', (_where, byMs) => {
  it('does not take what another sender holds', async () => {
    await anOrderIn(stores, 'cancelled')
    expect(await claimDelivery(stores.database, endpoint.id, LEASE_MS)).not.toBeNull()
    await withClockOff(byMs, async () => {
      expect(await readEndpointsDue(stores.database)).toEqual([])
      expect(await claimDelivery(stores.database, endpoint.id, LEASE_MS)).toBeNull()
    })
  })

  it('holds what it has taken for its lease, and no longer', async () => {
    await anOrderIn(stores, 'cancelled')
    await withClockOff(byMs, () => claimDelivery(stores.database, endpoint.id, LEASE_MS))
    expect(await claimDelivery(stores.database, endpoint.id, LEASE_MS)).toBeNull()
    await pass(LEASE_MS)
    expect(await claimDelivery(stores.database, endpoint.id, LEASE_MS)).toMatchObject({ try: 2 })
  })

  it('sends what is due with a timestamp that receivers accept', async () => {
    await anOrderIn(stores, 'cancelled')
    expect(await withClockOff(byMs, send)).toBe(1)
    expect(message().type).toBe('order.cancelled')
  })

  it('tries again after the pause, and records when by the database’s clock', async () => {
    answer = () => ({ status: 500 })
    await anOrderIn(stores, 'cancelled')
    await withClockOff(byMs, send)
    expect(await scheduledDelayMs()).toBe(5_500)
    const [row] = await run<{ isNow: boolean }>(
      `SELECT t.at BETWEEN now() - interval '10 minutes' AND now() AND e.failing_since = t.at AS "isNow"
       FROM webhook_tries t JOIN webhook_endpoints e ON e.id = t.endpoint_id`,
    )
    expect(row?.isNow).toBe(true)
    await pass(5_500)
    expect(await withClockOff(byMs, send)).toBe(1)
  })

  it('resumes and replays so that another sender finds it due at once', async () => {
    answer = () => ({ status: 500 })
    await anOrderIn(stores, 'cancelled')
    await send()
    await withClockOff(byMs, () => resumeEndpoint(stores.database, endpoint.id))
    answer = () => ({ status: 200 })
    expect(await send()).toBe(1)
    const replay = { of: 'given_up', endpointId: endpoint.id } as const
    await run(`UPDATE webhook_deliveries SET state = 'given_up'`)
    expect(await withClockOff(byMs, () => replayDeliveries(stores.database, replay))).toBe(1)
    expect(await send()).toBe(1)
  })

  it('tells the age of what is pending by the database’s clock', async () => {
    await anOrderIn(stores, 'cancelled')
    await makeEventsOlder(2 * HOUR_MS)
    const [lag] = await withClockOff(byMs, () => readWebhookLag(stores.database))
    expect(lag?.oldestPendingSeconds).toBeGreaterThanOrEqual(7_200)
    expect(lag?.oldestPendingSeconds).toBeLessThan(7_200 + 1_800)
  })
})

describe('what is kept and logged of a try', () => {
  it('has no secret, and of a receiver’s reply nothing personal', async () => {
    const said: string[] = []
    const note = (fields: object, text: string) => void said.push(JSON.stringify(fields) + text)
    const log = { debug: note, info: note, warn: note, error: note }
    answer = ({ headers }) => ({
      status: 500,
      text: `wallet ${WALLET}, ktp ${KTP}, +${WALLET.replace(/^0/, '62')} ${endpoint.secret} \u0000\u001b[31m ${headers['webhook-id']}`,
    })
    await anOrderIn(stores, 'in_doubt', 'withdraw')
    await sendDue(stores.database, { log })
    const [kept] = await run('SELECT * FROM webhook_tries')
    expect(kept).toMatchObject({ http_status: 500, reply: expect.stringContaining('ktp xxxxxxxxxxxxxx01') })
    const everything = [JSON.stringify(kept), ...said].join('\n')
    expect(said).toHaveLength(1)
    for (const hidden of [WALLET, WALLET.slice(1), KTP, endpoint.secret, 'Jl. Contoh', server.url])
      expect(everything).not.toContain(hidden)
  })

  it.each([
    ['plain', 'plain'],
    ['\u0000a\u001b[2J\nb\u202ec', 'a [2J b c'],
    ['x'.repeat(1_000), 'x'.repeat(300)],
    ['081234500001', '08xxxxxxx001'],
    ['3174999901010001', 'xxxxxxxxxxxxxx01'],
    ['key whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw== end', 'key whsec_(masked) end'],
    ['\ud800 broken', 'broken'],
    ['', ''],
    ['said pass-word twice: pass-word', 'said (masked) twice: (masked)'],
  ])('cuts and masks a reply: %j', (text, kept) => {
    expect(cutReply(text, ['pass-word', '', 'twice'])).toBe(kept)
  })

  it.each([
    ['a query', '/?token=letmein123', 'Cannot POST /?token=letmein123', 'letmein123'],
    ['a query that is spelled out', '/?token=let%2Fme%2Fin', 'no token let/me/in', 'let/me/in'],
    ['a query without a name', '/?letmein123', 'no such path ?letmein123', 'letmein123'],
  ])('has nothing of %s that the receiver says back', async (_what, path, text, hidden) => {
    await run('UPDATE webhook_endpoints SET url = url || $1', [path])
    answer = () => ({ status: 404, text })
    await anOrderIn(stores, 'cancelled')
    await send()
    const [kept] = await run<{ reply: string }>('SELECT reply FROM webhook_tries')
    expect(kept?.reply).toContain('(masked)')
    expect(kept?.reply).not.toContain(hidden)
  })

  it('has no secret that the receiver says back without its prefix', async () => {
    const key = endpoint.secret.slice('whsec_'.length)
    answer = () => ({ status: 400, text: `bad signature for key ${key}` })
    await anOrderIn(stores, 'cancelled')
    await send()
    const [kept] = await run<{ reply: string }>('SELECT reply FROM webhook_tries')
    expect(kept?.reply).toBe('bad signature for key (masked)')
  })
})
