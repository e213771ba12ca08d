import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_SPAN, NO_TRACES, type SpanFacts, type Traces } from '../../src/core/traces.ts'
import { setState } from '../../src/partners/store/partners.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { type OpenUpload, openUpload } from '../support/factories/uploads.ts'
import { rawHttp } from '../support/servers/raw-http.ts'
import { aBatchFile, aBuy, CSV, sentBatch, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

const LIMIT = 20_000
const PLACES = 4

/** Spans of requests as they were ended, each with its facts; null while it is open. */
const spans: { readonly name: string; readonly ends: SpanFacts[] }[] = []
const traces: Traces = {
  ...NO_TRACES,
  begin(name) {
    const ends: SpanFacts[] = []
    spans.push({ name, ends })
    return { ...NO_SPAN, end: (facts) => void ends.push(facts) }
  },
}
const lines: Record<string, unknown>[] = []

let here: TestWeb
/** Where files have little time. */
let hasty: TestWeb
beforeAll(async () => {
  const log = { ...silentLog, info: (line: object) => void lines.push({ ...line }) }
  const parts = { maxConcurrent: PLACES, uploadLimitBytes: LIMIT, traces, log }
  here = await startTestWeb(parts)
  hasty = await startTestWeb({ ...parts, uploadTimeoutMs: 4_000 })
})
afterAll(async () => {
  await here?.stop()
  await hasty?.stop()
})

const open = ({ web }: TestWeb, key: string, length: number | null = null) =>
  openUpload(web.url, key, '/v1/batches', {}, length)
const sendFile = (key: string, there = here) =>
  there.ask('POST', '/v1/batches/check', { key, body: aBatchFile(), headers: CSV })
const list = (there: TestWeb, key: string) => there.ask('GET', '/v1/batches', { key })

/**
 * Takes a partner's whole share: two places for files, and a third for a request. Null when the time of an upload was over
 * before all three were there, as on a busy machine it may be.
 */
async function crowd(there: TestWeb, key: string) {
  const opened = await Promise.all([open(there, key), open(there, key)])
  const third = await openUpload(there.web.url, key, '/v1/orders', { 'content-type': 'application/json' })
  const all = [...opened, third]
  while (all.every((upload) => upload.isOpen()))
    if ((await list(there, key)).json.code === 'overloaded') return { opened, third }
  for (const upload of all) upload.cut()
  return null
}

/**
 * An upload whose partner the server knows before it ends. One that is cut right after its head may be gone before anybody has
 * looked up whose it is; where a partner's whole share is taken, that has happened.
 */
async function opened(there: TestWeb, key: string, status: number | null) {
  if (status !== null) return { upload: await open(there, key), others: [] }
  const { opened, third } = await eventually(() => crowd(there, key))
  const [upload, other] = opened
  if (upload === undefined || other === undefined) throw new Error('no uploads')
  return { upload, others: [other, third] }
}

/** How an upload ends, and the status that it is answered with; null: nobody is there to hear it. */
const ENDS: Record<string, { readonly end: (upload: OpenUpload) => void; readonly status: number | null }> = {
  whole: { end: (upload) => upload.write(chunked(aBatchFile()) + chunked('')), status: 201 },
  'with rows that are bad': {
    end: (upload) => upload.write(chunked('no,batch\n') + chunked('')),
    status: 422,
  },
  'when it is too large': { end: (upload) => upload.write(chunked('x'.repeat(LIMIT + 1))), status: 413 },
  'when it is cut off': { end: (upload) => upload.cut(), status: null },
  'when it is late': { end: () => {}, status: 408 },
}

const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

describe.each(Object.entries(ENDS))('an upload that ends %s', (_how, { end, status }) => {
  const there = () => (status === 408 ? hasty : here)

  it('counts towards its partner’s share of the places, and gives all its places back', async () => {
    const [one, other] = [await there().partner(), await there().partner()]
    const { opened, third } = await eventually(() => crowd(there(), one.key))
    expect((await list(there(), other.key)).status).toBe(200)
    third.cut()
    for (const upload of opened) end(upload)
    if (status !== null) for (const upload of opened) expect((await upload.answer()).status).toBe(status)
    // Both places for files are free again, and those of requests.
    await eventually(async () => {
      const replies = await Promise.all([1, 2].map(() => sendFile(one.key, there())))
      return replies.every(({ status: each }) => each < 300) ? true : null
    })
    expect((await list(there(), one.key)).status).toBe(200)
  })

  it('ends its span once, with the status that was sent, as the log and the metrics have it', async () => {
    const { key, name } = await there().partner()
    const [spansBefore, linesBefore] = [spans.length, lines.length]
    const { upload, others } = await opened(there(), key, status)
    end(upload)
    const line = await eventually(
      async () =>
        lines.slice(linesBefore).find(({ partner, method }) => partner === name && method === 'POST') ?? null,
    )
    const ended = spans.slice(spansBefore).filter(({ ends }) => ends.length > 0)
    expect(ended.filter(({ name: span }) => span === 'POST /v1/batches')).toEqual([
      { name: 'POST /v1/batches', ends: [status === null ? {} : { 'http.response.status_code': status }] },
    ])
    for (const other of others) other.cut()
    expect(line.status).toBe(status ?? 'client gone')
    const metrics = await (await fetch(there().web.metricsUrl ?? '')).text()
    expect(metrics).toContain(`_count{route="/v1/batches",status="${status ?? 'gone'}"}`)
  })
})

describe('a file', () => {
  it('of a partner that was suspended while it came is not stored', async () => {
    const { key, name } = await here.partner()
    const file = aBatchFile()
    const [upload, second] = [await open(here, key, file.length), await open(here, key)]
    upload.write(file.slice(0, -1))
    // Both were let in: a third is one too many.
    await eventually(async () => ((await sendFile(key)).json.code === 'too_many_files' ? true : null))
    second.cut()
    await setState(here.database, name, 'suspended', 'person:test')
    upload.write(file.slice(-1))
    expect(await upload.answer()).toMatchObject({
      status: 403,
      text: expect.stringContaining('partner_suspended'),
    })
    const text = 'SELECT 1 FROM batches WHERE owner = $1'
    expect(await here.database.run(unnamed(text), [name])).toEqual([])
  })

  it('is answered for one reader, up and down, when it is taken and when it is refused', async () => {
    const { key } = await here.partner()
    const send = (body: string, headers: Record<string, string> = CSV, path = '/v1/batches') =>
      here.ask('POST', path, { key, body, headers })
    const id = await sentBatch(here, key)
    const replies = [
      await send(aBatchFile()),
      await send(aBatchFile(), CSV, '/v1/batches/check'),
      await here.ask('GET', `/v1/batches/${id}/results`, { key }),
      await send(aBatchFile(), CSV, '/v1/batches?nonsense=1'),
      await send(aBatchFile(), { 'content-type': 'text/plain' }),
      await send('no,batch\n'),
      await send('x'.repeat(LIMIT + 1)),
      await here.ask('POST', '/v1/batches', { body: aBatchFile(), headers: CSV }),
    ]
    expect(replies.map(({ status }) => status)).toEqual([201, 200, 200, 400, 415, 422, 413, 401])
    for (const { headers } of replies)
      expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
        'no-store',
        'nosniff',
      ])
    const head = (by: string) =>
      `POST /v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${by}\r\nContent-Type: text/csv\r\n`
    const { key: theirs } = await hasty.partner()
    const late = await rawHttp(hasty.web.url, `${head(theirs)}Content-Length: 9\r\n\r\n`)
    expect(late).toMatch(/^HTTP\/1.1 408 .*cache-control: no-store\r\nx-content-type-options: nosniff\r\n/s)
  })
})

describe('a request that is late', () => {
  it('gives its place back soon, though its client never closes and a file might take longer', async () => {
    const small = await startTestWeb({ maxConcurrent: 1, requestTimeoutMs: 500, uploadTimeoutMs: 120_000 })
    const { key } = await small.partner()
    const { hostname, port } = new URL(small.web.url)
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n`
    const silent = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    silent.on('error', () => {})
    silent.write(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`)
    const told = await new Promise((resolve) => silent.once('data', (chunk) => resolve(String(chunk))))
    expect(told).toContain(' 408 ')
    await eventually(async () => {
      const reply = await small.ask('POST', '/v1/orders', { key, body: aBuy() })
      return reply.status === 202 ? true : null
    })
    silent.destroy()
    await small.stop()
  })
})
