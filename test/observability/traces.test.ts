import { createPostgresBackend, Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningTraces } from '../../src/core/traces.ts'
import { startTraces } from '../../src/observability/start-traces.ts'
import { type RunningWorker, startWorker } from '../../src/processes/worker.ts'
import { scriptedGateway, silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { jobData, KTP, WALLET } from '../support/factories/job-data.ts'
import { aQuote, tracesOf } from '../support/factories/stored-orders.ts'
import { queueBackends, type TestQueue } from '../support/servers/queue-backends.ts'
import {
  type ReceivedSpan,
  startTraceReceiver,
  type TraceReceiver,
} from '../support/servers/trace-receiver.ts'
import { aBuy, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let receiver: TraceReceiver
let traces: RunningTraces
beforeAll(async () => {
  receiver = await startTraceReceiver()
  traces = await startTraces({
    endpoint: `${receiver.url}/`,
    service: 'goldpro-test',
    version: '0.0.0',
    onError: () => {},
  })
})
afterAll(async () => {
  await traces?.stop()
  await receiver?.stop()
})

/** The spans of the trace in which this order was confirmed, once these are there: each is sent when it ends. */
const traceOf = (orderId: string, awaited: readonly string[]) =>
  eventually(async () => {
    const spans = receiver.spans()
    const own = spans.find(({ name, facts }) => name === 'confirm' && facts['goldpro.order_id'] === orderId)
    const trace = spans.filter(({ traceId }) => traceId === own?.traceId)
    return awaited.every((name) => trace.some((each) => each.name === name)) ? trace : null
  })
const REQUEST = 'POST /v1/orders'
const JOB = 'process orders'
const named = (spans: readonly ReceivedSpan[], name: string) => {
  const [span, ...others] = spans.filter((each) => each.name === name)
  if (span === undefined || others.length > 0) throw new Error(`${others.length + 1} spans ${name}`)
  return span
}

describe('a span', () => {
  it('names the trace that is sent, and none where it is not recorded', async () => {
    const request = traces.begin('GET /v1/traced', 'server', {})
    const within = request.inside(() => traces.begin('within', 'internal', {}))
    const polling = traces.begin('polling', 'internal', {})
    for (const span of [within, request, polling]) span.end({})
    const sent = await eventually(async () => {
      const found = receiver.spans().find(({ name }) => name === 'GET /v1/traced')
      return found ?? null
    })
    expect([request.traceId, within.traceId]).toEqual([sent.traceId, sent.traceId])
    expect(polling.traceId).toBeNull()
  })
})

describe.each(queueBackends())('traces over the queue in $name', ({ name, start, skip }) => {
  if (skip !== undefined) {
    it.skip(`is not tried: ${skip}`)
    return
  }
  let place: TestQueue
  let here: TestWeb
  let worker: RunningWorker
  const gateway = scriptedGateway({
    checkouts: [
      { is: 'trouble', message: `User ${WALLET} not found` },
      { is: 'trouble', message: `KTP ${KTP} of ${WALLET}` },
      () => ({ is: 'quoted', quote: aQuote() }),
    ],
  })
  beforeAll(async () => {
    place = await start()
    here = await startTestWeb({ redisUrl: place.redisUrl, traces })
    const queue = { databaseUrl: here.databaseUrl, redisUrl: place.redisUrl }
    worker = startWorker({
      ...{ ...queue, gateway, callTimeoutMs: 2_000, concurrency: 4, ratePerSecond: null, maxRequotes: 2 },
      ...{ quoteMaxAgeMs: 10_000, name: 'test', log: silentLog, traces },
    })
  })
  afterAll(async () => {
    await worker?.stop()
    await here?.stop()
    await place?.stop()
  })

  it('tell nothing of a person where an order is put off or refused, though BullMQ would', async () => {
    const { key, name: partner } = await here.partner()
    const reference = `R-${WALLET}`
    const { json } = await here.ask('POST', '/v1/orders?wait=60', { key, body: aBuy({ reference }) })
    expect(json.state).toBe('succeeded')
    await traceOf(String(json.id), [REQUEST, JOB])
    const sent = receiver.requests.map(({ body }) => body).join()
    expect(sent).toContain('"trouble"')
    for (const secret of [WALLET, KTP, key, `"${partner}"`, 'not found', 'exception'])
      expect(sent.includes(secret), secret).toBe(false)
  })

  it('lead from the request through the job to the confirm, and no order into the trace of another', async () => {
    const { key } = await here.partner()
    // A trace that a partner claims to be in is not believed.
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
    const replies = await Promise.all(
      [1, 2, 3].map((n) => {
        const body = aBuy({ phone_number: `08123450010${n}` })
        return here.ask('POST', '/v1/orders?wait=60', { key, body, headers })
      }),
    )
    const found = await Promise.all(replies.map(({ json }) => traceOf(String(json.id), [REQUEST, JOB])))
    expect(new Set(found.map(([span]) => span?.traceId)).size).toBe(3)
    for (const [position, trace] of found.entries()) {
      const orderId = replies[position]?.json.id
      const request = named(trace, REQUEST)
      const job = named(trace, JOB)
      const order = named(trace, 'execute order')
      const confirm = named(trace, 'confirm')
      expect(request.parentSpanId).toBeUndefined()
      expect(job.parentSpanId).toBe(request.spanId)
      expect(order.parentSpanId).toBe(job.spanId)
      expect(named(trace, 'checkout').parentSpanId).toBe(order.spanId)
      expect(confirm.parentSpanId).toBe(order.spanId)
      expect(request.facts).toEqual({
        'http.request.method': 'POST',
        'http.route': '/v1/orders',
        'http.response.status_code': 202,
      })
      expect(order.facts).toEqual({
        'goldpro.order_id': orderId,
        'goldpro.kind': 'buy',
        'goldpro.outcome': 'succeeded',
      })
      expect(confirm.facts).toEqual({
        ...order.facts,
        'goldpro.attempt': 1,
        'goldpro.amount': 441_000,
      })
      // From the order to its confirm in the tracing system.
      expect(await tracesOf(here, String(orderId))).toEqual([confirm.traceId])
    }
  })

  it('begin anew for a job without one, and a forged one stops nothing', async () => {
    const queue =
      name === 'redis'
        ? new Queue('orders', { connection: { url: place.redisUrl ?? '' } })
        : (new Queue(
            'orders',
            { connection: { connectionString: here.databaseUrl } },
            createPostgresBackend,
          ) as unknown as Queue)
    queue.on('error', () => {})
    const forged = ['{', 'null', '"x"', '{"traceparent":"00-x"}', '[]', '{"traceparent":{"a":1}}']
    const references = ['plain', ...forged.map((_text, n) => `forged-${n}`)]
    await queue.addBulk(
      references.map((reference, n) => {
        const metadata = forged[n - 1]
        const data = jobData.buyRupiah({ reference })
        return { name: 'buy', data, opts: metadata === undefined ? {} : { telemetry: { metadata } } }
      }),
    )
    const ended = await eventually(async () => {
      const rows = await here.database.run<{ id: string }>(
        unnamed(`SELECT id FROM orders WHERE reference = ANY ($1) AND state = 'succeeded'`),
        [references],
      )
      return rows.length === references.length ? rows : null
    })
    const found = await Promise.all(ended.map(({ id }) => traceOf(id, [JOB])))
    expect(new Set(found.map(([span]) => span?.traceId)).size).toBe(references.length)
    for (const trace of found) expect(named(trace, JOB).parentSpanId).toBeUndefined()
    await queue.close()
  })

  it('have no span that only looks for work', () => {
    const names = new Set(receiver.spans().map((span) => span.name))
    expect([...names].filter((each) => /getNextJob|Stalled|close|\/healthz/.test(each))).toEqual([])
  })
})
