import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { approveBatch, cancelBatch } from '../../../src/batches/commands.ts'
import { feedBatches } from '../../../src/batches/feed.ts'
import { rotateKey } from '../../../src/partners/commands.ts'
import { setLimits } from '../../../src/partners/store/partners.ts'
import { SESSION_NAME } from '../../../src/postgres/session.ts'
import { silentLog } from '../../support/deps.ts'
import { eventually } from '../../support/eventually.ts'
import { openUpload } from '../../support/factories/uploads.ts'
import { BUDI } from '../../support/scenes/batch-scene.ts'
import { inSession as inTestSession } from '../../support/servers/sessions.ts'
import {
  aBatchFile,
  ask,
  CSV,
  type Reply,
  sentBatch,
  startTestWeb,
  type TestWeb,
} from '../../support/servers/web.ts'
import { unnamed } from '../../support/unnamed.ts'

const LIMIT = 20_000
const LINES = { 'content-type': 'application/x-ndjson' }

let here: TestWeb
let folder: string
let folderBefore: string | undefined
beforeAll(async () => {
  folderBefore = process.env.TMPDIR
  folder = await mkdtemp(join(tmpdir(), 'goldpro-uploads-'))
  process.env.TMPDIR = folder
  here = await startTestWeb({ uploadLimitBytes: LIMIT })
})
afterAll(async () => {
  if (folderBefore === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = folderBefore
  await here?.stop()
  await rm(folder, { recursive: true })
})

const run = <Row extends object>(text: string, values: unknown[] = []) =>
  here.database.run<Row>(unnamed(text), values)
const countBatches = async (partner: string) =>
  (await run<{ id: number }>('SELECT id FROM batches WHERE owner = $1', [partner])).length
const send = (key: string, body: string, headers: Record<string, string> = CSV, path = '/v1/batches') =>
  here.ask('POST', path, { key, body, headers })
const lead = (key: string, id: unknown, move: string, body: unknown = {}) =>
  here.ask('POST', `/v1/batches/${id}/${move}`, { key, body })
const inSession = <T>(work: Parameters<typeof inTestSession<T>>[1]) => inTestSession(here.databaseUrl, work)
const feed = () =>
  inSession((session) =>
    feedBatches(session, {
      ...{ newId: randomUUID, wake: async () => {}, actor: 'feeder:test', log: silentLog },
    }),
  )

/** A partner with a key that sends, and another holder's that approves. */
async function twoHolders() {
  const { key, name } = await here.partner({ scopes: ['batches:write', 'orders:read', 'approve'] })
  return { key, name, approver: await here.holder(name, 'finance', ['approve', 'orders:read']) }
}

describe('a batch over HTTP', () => {
  it('goes from its file to its results, each step by who may take it', async () => {
    const { key, name, approver } = await twoHolders()
    const file = 'kind,reference,phone_number,amount\nbuy,=1+1,081234500001,100000\nbuy,B,081234500002,5\n'
    const sent = await send(key, file, CSV, '/v1/batches?file_name=payroll%20081234500001.csv')
    expect(sent).toMatchObject({
      status: 201,
      json: { state: 'checked', rows: 2, created_by: `${name}/main`, file_name: 'payroll 08xxxxxxx001.csv' },
    })
    const { id, content_hash } = sent.json
    expect(sent.headers.get('location')).toBe(`/v1/batches/${id}`)
    const preview = await here.ask('GET', `/v1/batches/${id}/preview`, { key: approver })
    expect(preview.json).toMatchObject({
      content_hash,
      kinds: [{ kind: 'buy', rows: 2, rupiah: '100005', estimated_grams: null }],
      total: { to_pay: { stated: '100005', estimated: '0', total: '100005' }, moved_grams: '0.0000' },
      largest: [{ row: 1, rupiah: '100000', estimated_rupiah: null }, { row: 2 }],
      price_per_gram: { buy: null, sell: null },
    })
    expect((await lead(key, id, 'run')).json).toMatchObject({ code: 'batch_state' })
    expect(await lead(approver, id, 'approve', { content_hash })).toMatchObject({
      status: 200,
      json: { state: 'approved', approved_by: `${name}/finance`, total: preview.json.total },
    })
    expect(
      (await lead(key, id, 'run', { rate_per_second: 9, stop_after_failures: '50%' })).json,
    ).toMatchObject({
      ...{ state: 'running', rate_per_second: 9, stop_after_failures: 1 },
    })
    await feed()
    const { json } = await here.ask('GET', `/v1/batches/${id}`, { key })
    expect(json.progress).toMatchObject({ under_way: 2, waiting: 0, seconds_left: null })
    const results = await here.ask('GET', `/v1/batches/${id}/results`, { key })
    const rows = results.text.split('\n')
    expect(rows).toHaveLength(4)
    expect(rows[1]).toContain(`1,2,${name},'=1+1,buy,accepted,submitted,`)
    expect(results.headers.get('content-length')).toBe(String(Buffer.byteLength(results.text)))
    expect(results.headers.get('content-disposition')).toContain(`batch-${id}-results.csv`)
    const { events } = (await here.ask('GET', `/v1/batches/${id}/events`, { key })).json as {
      events: { to: string; by: string; holder: string | null }[]
    }
    expect(events.map(({ to, by, holder }) => [to, by, holder])).toEqual([
      ['draft', 'partner', 'main'],
      ['checked', 'partner', 'main'],
      ['approved', 'partner', 'finance'],
      ['running', 'partner', 'main'],
    ])
  })

  it('is the same batch when the same rows come again, also many times at once', async () => {
    const { key, name } = await here.partner()
    const file = aBatchFile(3)
    const first = await send(key, file)
    const again = await send(key, file.replaceAll(',', ';'))
    expect([first.status, again.status]).toEqual([201, 200])
    expect(again.json).toEqual(first.json)
    const other = aBatchFile(3)
    const both = await Promise.all([send(key, other), send(key, other)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 201])
    expect(new Set(both.map(({ json }) => json.id)).size).toBe(1)
    expect(await countBatches(name)).toBe(2)
  })

  it('is approved neither by the holder that sent it nor by a rotated key of it, but by an operator', async () => {
    const { key, name } = await twoHolders()
    const id = await sentBatch(here, key)
    const deps = { database: here.database, random: randomBytes, actor: 'person:test' }
    const rotated = await rotateKey(name, 'main', 60, deps)
    if (rotated.is !== 'done') throw new Error(rotated.message)
    for (const own of [key, rotated.key.key])
      expect(await lead(own, id, 'approve')).toMatchObject({
        status: 403,
        json: { code: 'second_person_needed', detail: expect.stringContaining(`${name}/main sent it`) },
      })
    await inSession((session) => approveBatch(session, id, BUDI, false))
    const { json, text } = await here.ask('GET', `/v1/batches/${id}`, { key })
    expect(json).toMatchObject({ state: 'approved', approved_by: 'operator' })
    const events = await here.ask('GET', `/v1/batches/${id}/events`, { key })
    expect(text + events.text).not.toContain('budi')
  })

  it('is led by nobody without the scope', async () => {
    const { key, name, approver } = await twoHolders()
    const id = await sentBatch(here, key)
    const reader = await here.holder(name, 'reader', ['orders:read'])
    for (const move of ['approve', 'run', 'pause', 'resume', 'cancel'])
      expect((await lead(reader, id, move)).json.code).toBe('scope_missing')
    for (const move of ['run', 'pause', 'resume', 'cancel'])
      expect((await lead(approver, id, move)).json.code).toBe('scope_missing')
    expect((await send(approver, aBatchFile())).json.code).toBe('scope_missing')
    expect((await here.ask('GET', `/v1/batches/${id}`, { key: reader })).json.state).toBe('checked')
  })

  it('can be led again the same way, for an answer may have been lost', async () => {
    const { key, approver } = await twoHolders()
    const id = await sentBatch(here, key)
    const twice = async (by: string, move: string, body: unknown = {}) => {
      const answers = [await lead(by, id, move, body), await lead(by, id, move, body)]
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect(answers[1]?.json).toEqual(answers[0]?.json)
    }
    await twice(approver, 'approve')
    await twice(key, 'run', { rate_per_second: 7, stop_after_failures: 1 })
    expect((await lead(key, id, 'run', { rate_per_second: 8 })).json.code).toBe('batch_state')
    for (const move of ['pause', 'resume', 'cancel']) await twice(key, move)
    expect((await lead(key, id, 'resume')).json).toMatchObject({
      code: 'batch_state',
      detail: expect.stringContaining('is cancelled'),
    })
    const events = await here.ask('GET', `/v1/batches/${id}/events`, { key })
    expect(events.json.events).toHaveLength(7)
  })

  it('runs at a time to come by the clock of the database, whatever the clock of the server says', async () => {
    const { key, approver } = await twoHolders()
    const id = await sentBatch(here, key)
    await lead(approver, id, 'approve')
    const nowMs = Date.now()
    const at = (ms: number) => new Date(nowMs + ms).toISOString()
    const hour = 3_600_000
    const runUnder = async (aheadMs: number, time: string) => {
      vi.useFakeTimers({ toFake: ['Date'], now: nowMs + aheadMs })
      try {
        return (await lead(key, id, 'run', { at: time })).json
      } finally {
        vi.useRealTimers()
      }
    }
    expect(await runUnder(2 * hour, at(hour))).toMatchObject({ state: 'approved', run_at: at(hour) })
    expect((await runUnder(-2 * hour, at(-hour))).code).toBe('invalid_request')
  })

  it('runs at a time to come, and at none that is over', async () => {
    const { key, approver } = await twoHolders()
    const id = await sentBatch(here, key)
    await lead(approver, id, 'approve')
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    expect((await lead(key, id, 'run', { at: soon })).json).toMatchObject({ state: 'approved', run_at: soon })
    for (const at of ['2020-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', 'tomorrow'])
      expect((await lead(key, id, 'run', { at })).json).toMatchObject({
        code: 'invalid_request',
        errors: expect.arrayContaining([expect.objectContaining({ field: 'at' })]),
      })
  })

  it('is listed newest first, page by page, by state', async () => {
    const { key } = await here.partner()
    const ids: number[] = []
    for (let n = 0; n < 5; n += 1) ids.unshift(await sentBatch(here, key))
    await lead(key, ids[0], 'cancel')
    const found: unknown[] = []
    let next: unknown = null
    do {
      const cursor = next === null ? '' : `&cursor=${next}`
      const { json } = await here.ask('GET', `/v1/batches?limit=2&state=checked${cursor}`, { key })
      found.push(...(json.batches as { id: number }[]).map(({ id }) => id))
      next = json.next
    } while (next !== null)
    expect(found).toEqual(ids.slice(1))
    expect((await here.ask('GET', '/v1/batches?cursor=x', { key })).json.code).toBe('invalid_request')
  })

  it('is stored again once the first was cancelled', async () => {
    const { key } = await here.partner()
    const file = aBatchFile()
    const { json } = await send(key, file)
    await inSession((session) => cancelBatch(session, Number(json.id), BUDI))
    expect((await send(key, file)).status).toBe(201)
  })
})

describe('a file', () => {
  it('is reported with row, line and column, and no whole phone or KTP number', async () => {
    const { key, name } = await here.partner()
    const file = [
      JSON.stringify({ kind: 'buy', reference: 'A', phone_number: '081234500001', amount: 5 }),
      JSON.stringify({ kind: 'buy', reference: 'B', phone_number: '0812345000019999', amount: 5 }),
      JSON.stringify({
        kind: 'buy',
        reference: 'C',
        phone_number: '081234500001',
        '081234500002': 1,
        amount: 1,
      }),
      JSON.stringify({
        kind: 'buy',
        reference: 'D',
        partner: 'acme',
        phone_number: '081234500001',
        amount: 1,
      }),
      '3174999901010001',
    ].join('\n')
    const { json, text, status } = await send(key, file, LINES, '/v1/batches/check')
    expect(status).toBe(200)
    expect(json).toMatchObject({ rows: 5, bad_rows: 4, problem_count: 4 })
    expect(json.problems).toMatchObject([
      { row: 2, line: 2, column: 'phone_number' },
      { row: 3, line: 3, column: '????????????' },
      { row: 4, line: 4, column: 'partner', expected: expect.stringContaining('your own') },
      { row: 5, line: 5, column: null },
    ])
    // But for the number that is told as an example.
    expect(text.replaceAll('such as 081234567890', '')).not.toMatch(/\d{9}/)
    expect(await countBatches(name)).toBe(0)
  })

  it('tells its first 1000 problems, and how many there are', async () => {
    const { key } = await here.partner()
    const file = `kind,reference,phone_number\n${'x,,\n'.repeat(1_500)}`
    const { json } = await send(key, file, CSV, '/v1/batches/check')
    expect(json).toMatchObject({ rows: 1_500, bad_rows: 1_500 })
    expect(json.problems).toHaveLength(1_000)
  })

  it('of rows that break a limit of the partner is refused, row by row', async () => {
    const { key, name } = await here.partner({ limits: { rupiah_per_order: '50000' } })
    expect(await send(key, aBatchFile(2))).toMatchObject({
      status: 422,
      json: {
        code: 'batch_refused',
        problems: [
          { row: 1, line: 2, column: 'amount', expected: expect.stringContaining('Rp 50.000') },
          { row: 2, line: 3 },
        ],
      },
    })
    await setLimits(here.database, name, { rupiah_per_order: null }, 'person:test')
    expect((await send(key, aBatchFile(2))).status).toBe(201)
  })

  it.each<[what: string, body: string | Uint8Array, headers: Record<string, string>, status: number, RegExp]>(
    [
      [
        'in another encoding',
        Buffer.from('kind,reference,phone_number\nbuy,\xe9,1\n', 'latin1'),
        CSV,
        422,
        /UTF-8/,
      ],
      ['in UTF-16', Buffer.from(aBatchFile(), 'utf16le'), CSV, 422, /UTF-8 text/],
      ['that is gzipped', gzipSync(aBatchFile()), CSV, 422, /gzipped/],
      ['that is empty', '', CSV, 422, /is empty|no rows/],
      ['with a header alone', 'kind,reference,phone_number\n', CSV, 422, /no rows"/],
      [
        'with an unknown column',
        'kind,reference,phone_number,081234500001\n',
        CSV,
        422,
        /unknown column \\"08xxxxxxx001\\""/,
      ],
      ['with a quote that is never closed', 'kind,reference,phone_number\n"a', CSV, 422, /never closed/],
      ['of JSON', '{}', { 'content-type': 'application/json' }, 415, /media type/],
      [
        'of a media type that is not taken',
        aBatchFile(),
        { 'content-type': 'text/plain' },
        415,
        /media type/,
      ],
      ['that is too large', 'x'.repeat(LIMIT + 1), CSV, 413, /at most 20000 bytes/],
    ],
  )('%s is refused, and nothing of it is stored', async (_what, body, headers, status, told) => {
    const { key, name } = await here.partner()
    for (const path of ['/v1/batches/check', '/v1/batches']) {
      const response = await fetch(here.web.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, ...headers },
        body,
      })
      const text = await response.text()
      expect(response.status).toBe(status)
      expect(text).toMatch(told)
      expect(text).not.toContain('081234500001')
    }
    expect(await countBatches(name)).toBe(0)
  })

  it('that does not say how large it is, is refused when it is too large', async () => {
    const { key, name } = await here.partner()
    const upload = await openUpload(here.web.url, key, '/v1/batches', {}, null)
    const piece = 'x'.repeat(0x1000)
    for (let n = 0; n < 6; n += 1) upload.write(`1000\r\n${piece}\r\n`)
    expect(await upload.answer()).toMatchObject({ status: 413 })
    expect(await countBatches(name)).toBe(0)
  })

  it('that is on its way holds no session of Postgres and has no name; cut off, nothing is left of it', async () => {
    const { key, name } = await here.partner()
    const file = aBatchFile()
    const upload = await openUpload(here.web.url, key, '/v1/batches', {}, file.length)
    upload.write(file.slice(0, -1))
    const uploads = [upload, await openUpload(here.web.url, key, '/v1/batches')]
    // Both are read, for a third is one too many.
    await eventually(async () => ((await send(key, aBatchFile())).status === 429 ? true : null))
    const before = await countBatches(name)
    // Those of other tests' databases are none of its business, and that of the file before may be closing.
    const sessions =
      'SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()'
    await eventually(async () => ((await run(sessions, [SESSION_NAME])).length === 0 ? true : null))
    expect(await readdir(folder)).toEqual([])
    for (const each of uploads) each.cut()
    // Its place is free again.
    await eventually(async () => ((await send(key, aBatchFile())).status === 201 ? true : null))
    expect(await countBatches(name)).toBe(before + 1)
  })

  it('that does not come whole in its time is ended, and had longer than other requests', async () => {
    const hasty = await startTestWeb({ uploadTimeoutMs: 1_500, requestTimeoutMs: 300 })
    const { key } = await hasty.partner()
    const begunMs = performance.now()
    const late = await openUpload(hasty.web.url, key, '/v1/batches')
    expect(await late.answer()).toMatchObject({
      status: 408,
      text: expect.stringContaining('request_timeout'),
    })
    expect(performance.now() - begunMs).toBeGreaterThan(1_000)
    expect(await hasty.database.run(unnamed('SELECT 1 FROM batches'), [])).toEqual([])
    await hasty.stop()
  })

  it('is not begun with when its partner has two on their way, while others send theirs', async () => {
    const { key } = await here.partner()
    const uploads = [1, 2].map(() => openUpload(here.web.url, key, '/v1/batches'))
    const opened = await Promise.all(uploads)
    const refused = await eventually(async () => {
      const reply = await send(key, aBatchFile())
      return reply.status === 429 ? reply : null
    })
    expect(refused.json.code).toBe('too_many_files')
    const other = await here.partner()
    expect((await send(other.key, aBatchFile())).status).toBe(201)
    for (const upload of opened) upload.cut()
  })
})

describe('results', () => {
  it('give their place back when they were read, or their reader goes away', async () => {
    const { key } = await here.partner()
    const id = await sentBatch(here, key)
    for (let n = 0; n < 5; n += 1) {
      const leaving = new AbortController()
      const reading = fetch(`${here.web.url}/v1/batches/${id}/results`, {
        headers: { authorization: `Bearer ${key}` },
        signal: leaving.signal,
      })
      leaving.abort()
      await reading.catch(() => {})
    }
    const reply = await eventually(async () => {
      const results = await here.ask('GET', `/v1/batches/${id}/results`, { key })
      return results.status === 200 ? results : null
    })
    expect(reply.text.split('\n')).toHaveLength(4)
    for (let n = 0; n < 5; n += 1)
      expect((await here.ask('GET', `/v1/batches/${id}/results`, { key })).status).toBe(200)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a signed file', () => {
  const sign = (
    { key, signingSecret }: { key: string; signingSecret: string | null },
    { path = '/v1/batches', body, nonce }: { path?: string; body: string; nonce: string },
    atMs = Date.now(),
  ) => {
    const timestamp = String(Math.floor(atMs / 1_000))
    const hex = createHmac('sha256', signingSecret ?? '')
      .update(`POST\n${path}\n${timestamp}\n${nonce}\n${body}`)
      .digest('hex')
    return {
      key,
      body,
      headers: { ...CSV, 'x-timestamp': timestamp, 'x-nonce': nonce, 'x-signature': `v1=${hex}` },
    }
  }
  const codeOf = ({ json, status }: Reply) => json.code ?? status

  it('is stored once its whole body is proven, once', async () => {
    const signed = await here.partner({ isSigned: true })
    const path = '/v1/batches?file_name=a.csv'
    const good = sign(signed, { path, body: aBatchFile(), nonce: 'nonce-0123456789a' })
    expect(codeOf(await ask(here.web.url, 'POST', path, { ...good, body: `${good.body}\n` }))).toBe(
      'signature_refused',
    )
    expect(codeOf(await ask(here.web.url, 'POST', '/v1/batches', good))).toBe('signature_refused')
    expect(await countBatches(signed.name)).toBe(0)
    // What was refused has not used the nonce up.
    expect(codeOf(await ask(here.web.url, 'POST', path, good))).toBe(201)
    expect((await ask(here.web.url, 'POST', path, good)).json.detail).toBe('the nonce has been used before')
  })

  it.each([
    ['unsigned', {}],
    ['with a malformed signature', { 'x-signature': 'v1=abc' }],
    ['with a malformed nonce', { 'x-nonce': 'x' }],
    ['with a time that is over', { 'x-timestamp': '1600000000' }],
  ])('%s is refused before it is read', async (what, headers) => {
    const signed = await here.partner({ isSigned: true })
    const good = sign(signed, { body: aBatchFile(), nonce: 'nonce-0123456789b' })
    const given: Record<string, string> = what === 'unsigned' ? CSV : { ...good.headers, ...headers }
    const upload = await openUpload(here.web.url, signed.key, '/v1/batches', given)
    expect(await upload.answer()).toMatchObject({ status: 401 })
    expect(await countBatches(signed.name)).toBe(0)
  })
})
