import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { jsonSchemaOf } from '../../src/http/json-schema.ts'
import { orderBody } from '../../src/orders/http/order-body-schemas.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { addPlan } from '../../src/plans/commands.ts'
import { ROUTES } from '../../src/processes/routes.ts'
import { spoiled, valuesOf } from '../support/factories/from-schema.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { ownEndpoint } from '../support/scenes/own-endpoint.ts'
import { leadAt, planTerms } from '../support/scenes/plan-scene.ts'
import { aBuy, aPlan, CSV, sentBatch, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let sandbox: Sandbox
let here: TestWeb
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, openWallets: null })
  here = await startTestWeb({ gateway: openTestClient(sandbox.url) })
})
afterAll(async () => {
  await here?.stop()
  await sandbox?.stop()
})

/** `.` and `..` are no values: a URL drops them together with the segment before, and so names another route. */
const withParams = (path: string, values: Record<string, string>) =>
  path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(values[name] ?? '').replace(/^\.{1,2}$/, 'dots'),
  )

describe('another partner', () => {
  const WALLET = '081234500077'
  const PLAN = 'mine'
  const keyed = ROUTES.filter(({ scope }) => scope !== null)
  let owner: { key: string; name: string }
  let other: { key: string; name: string }
  let orderId: string
  let batchId: number
  let endpointId: number
  /** What stands in a path: batches and endpoints have a number, everything else the id of an order. */
  const mineIn = (path: string) => {
    if (path.startsWith('/v1/batches')) return String(batchId)
    return path.startsWith('/v1/webhook-endpoints') ? String(endpointId) : orderId
  }
  const absentIn = (path: string) =>
    /^\/v1\/(batches|webhook-endpoints)/.test(path) ? '999999999' : '019c4f2a-7b1e-7c3d-9a4b-5e6f70818293'
  beforeAll(async () => {
    owner = await here.partner()
    other = await here.partner()
    const body = aBuy({ reference: 'mine' })
    orderId = String((await here.ask('POST', '/v1/orders', { key: owner.key, body })).json.id)
    const plan = await here.ask('POST', '/v1/plans', { key: owner.key, body: aPlan({ name: PLAN }) })
    expect(plan.status).toBe(201)
    batchId = await sentBatch(here, owner.key)
    endpointId = await ownEndpoint(here, owner.name)
    const wallet = { phone_number: WALLET, name: 'Sari Contoh', email: 'sari@contoh.example' }
    for (const { key } of [owner, other])
      expect((await here.ask('POST', '/v1/wallets', { key, body: wallet })).status).toBe(200)
  })

  it.each(
    // A day is nobody's: each partner has a settlement of its own.
    keyed
      .filter(({ path }) => path.includes('{') && !path.endsWith('{date}'))
      .map((row) => [row.method, row.path, row] as const),
  )('gets of %s %s what it gets for nothing at all', async (method, path, row) => {
    const [body] = Object.values(row.bodyExamples ?? {})
    const asked = { key: other.key, body }
    const mine = { id: mineIn(path), phone_number: WALLET, name: PLAN }
    const absent = { id: absentIn(path), phone_number: '081234500078', name: 'none' }
    const theirs = await here.ask(method, withParams(path, mine), asked)
    const nothing = await here.ask(method, withParams(path, absent), asked)
    const malformed = await here.ask(
      method,
      withParams(path, { id: 'x', phone_number: 'x', name: '1' }),
      asked,
    )
    expect(theirs.status).toBe(404)
    expect(theirs.text).toBe(nothing.text)
    expect(malformed.text).toBe(nothing.text)
    const names = (reply: typeof theirs) => [...reply.headers.keys()].sort()
    expect(names(theirs)).toEqual(names(nothing))
    // What is asked wrongly is told before anything is looked for.
    for (const each of [mine, absent]) {
      const wrong = await here.ask(method, `${withParams(path, each)}?nonsense=1`, asked)
      expect([wrong.status, wrong.json.code]).toEqual([400, 'invalid_request'])
    }
  })

  it('finds no plan of it in its list, nor an operator’s plan of its own orders', async () => {
    const page = await here.ask('GET', '/v1/plans?limit=1', owner)
    const operators = planTerms({ partner: other.name, name: 'operators' })
    expect(await addPlan(here.database, operators, leadAt(new Date()))).toMatchObject({ is: 'done' })
    for (const query of ['', '?state=active', `?cursor=${page.json.next ?? ''}`])
      expect((await here.ask('GET', `/v1/plans${query}`, other)).json.plans ?? []).toEqual([])
    expect((await here.ask('GET', '/v1/plans/operators', other)).status).toBe(404)
  })

  it('has the same name for a plan of its own, which is another plan', async () => {
    const body = aPlan({ name: PLAN, count: 7 })
    expect((await here.ask('POST', '/v1/plans', { key: other.key, body })).status).toBe(201)
    expect((await here.ask('GET', `/v1/plans/${PLAN}`, owner)).json).toMatchObject({
      count: null,
      state: 'active',
    })
    expect((await here.ask('GET', `/v1/plans/${PLAN}/runs`, owner)).json.runs).toEqual([])
  })

  it('finds it in no list, by no filter and by no cursor', async () => {
    await here.ask('POST', '/v1/orders', { key: owner.key, body: aBuy() })
    const page = await here.ask('GET', '/v1/orders?limit=1', owner)
    for (const query of ['', '?reference=mine', '?state=accepted', `?cursor=${page.json.next}`])
      expect((await here.ask('GET', `/v1/orders${query}`, other)).json).toEqual({ orders: [], next: null })
  })

  it('finds no batch of it in a list, and sends the same rows as a batch of its own', async () => {
    expect((await here.ask('GET', '/v1/batches', owner)).json.batches).toHaveLength(1)
    const cursor = Buffer.from('batch/999999999').toString('base64url')
    for (const query of ['', '?state=checked', `?cursor=${cursor}`])
      expect((await here.ask('GET', `/v1/batches${query}`, other)).json).toEqual({ batches: [], next: null })
    const body = 'kind,reference,phone_number,amount\nbuy,same,081234500001,5\n'
    for (const { key } of [owner, other])
      expect((await here.ask('POST', '/v1/batches', { key, body, headers: CSV })).status).toBe(201)
  })

  it('has the same reference for an order of its own', async () => {
    const reply = await here.ask('POST', '/v1/orders', {
      key: other.key,
      body: aBuy({ reference: 'mine', amount: 5 }),
    })
    expect(reply.status).toBe(202)
    expect(reply.json.id).not.toBe(orderId)
  })

  it('leaves the order as it was', async () => {
    const { json } = await here.ask('GET', `/v1/orders/${orderId}/events`, owner)
    expect(json.events).toHaveLength(1)
  })

  it('leaves the batch as it was', async () => {
    const { json } = await here.ask('GET', `/v1/batches/${batchId}`, owner)
    expect(json).toMatchObject({ state: 'checked', approved_by: null, run_at: null })
  })

  it.each(keyed.map(({ method, path }) => [method, path]))(
    'is not let in to %s %s with a key that is missing, wrong, revoked or expired: always the same answer',
    async (method, path) => {
      const { key, name } = await here.partner()
      const run = (text: string) => here.database.run(unnamed(text), [name])
      const params = { id: mineIn(path), phone_number: WALLET, name: PLAN }
      const ask = (given: string | null) => here.ask(method, withParams(path, params), { key: given })
      const wrong = `${key.slice(0, -2)}${key.endsWith('AA') ? 'BB' : 'AA'}`
      const answers = [
        await ask(null),
        await ask('gp_x'),
        await ask(wrong),
        await ask(`gp_aaaaaaaaaaaa${key.slice(15)}`),
      ]
      await run(`UPDATE partner_keys SET expires_at = now() - interval '1 second' WHERE partner = $1`)
      answers.push(await ask(key))
      await run(`UPDATE partner_keys SET revoked_at = now() WHERE partner = $1`)
      answers.push(await ask(key))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    },
  )
})

describe('a body', () => {
  const bodies = valuesOf(jsonSchemaOf(orderBody))
  const isOrder = (body: unknown): boolean => {
    try {
      const { kind, ...fields } = body as Record<string, unknown>
      if (Object.hasOwn(fields, 'partner')) return false
      parseSubmission(kind, { ...fields, partner: 'acme' })
      return true
    } catch {
      return false
    }
  }

  it.each([
    ['written by the schema', bodies, 0.02],
    ['spoiled', spoiled(bodies), 0],
  ])('%s is an order to the API exactly when it is one to a job', (_what, bodiesOf, share) => {
    let taken = 0
    const runs = 3_000
    fc.assert(
      fc.property(bodiesOf, (body) => {
        const isOne = isOrder(body)
        if (isOne) taken += 1
        expect(orderBody.safeParse(body).success).toBe(isOne)
      }),
      { numRuns: runs },
    )
    expect(taken / runs).toBeGreaterThanOrEqual(share)
  })

  it.each([
    ['0000-01-01T00:00:00Z', false],
    ['9999-12-31T23:59:59-23:59', false],
    ['2030-01-01T00:00:00Z', true],
    ['2030-01-01T00:00:00', false],
  ])('with the deadline %s: %s', (deadline, expected) => {
    expect(isOrder(aBuy({ deadline }))).toBe(expected)
    expect(orderBody.safeParse(aBuy({ deadline })).success).toBe(expected)
  })

  it.each(ROUTES.filter(({ scope }) => scope !== null).map((row) => [row.method, row.path, row] as const))(
    'or a query of any kind never makes %s %s answer 500',
    async (method, path, row) => {
      const { key } = await here.partner()
      const queries = row.query === undefined ? fc.constant({}) : valuesOf(jsonSchemaOf(row.query))
      const params = row.params === undefined ? fc.constant({}) : valuesOf(jsonSchemaOf(row.params))
      const body =
        row.files !== undefined
          ? files
          : row.body === undefined
            ? fc.constant(undefined)
            : valuesOf(jsonSchemaOf(row.body))
      const input = fc.record({
        params: fc.oneof(params, spoiled(params)),
        query: fc.oneof(queries, spoiled(queries)),
        body: fc.oneof(body, spoiled(body)),
      })
      await fc.assert(
        fc.asyncProperty(input, async ({ params: inPath, query, body: sent }) => {
          const texts = Object.entries(Object(inPath)).map(([name, value]) => [name, wellFormed(value)])
          const search = new URLSearchParams(
            Object.entries(Object(query))
              .filter(([name]) => name !== 'wait')
              .map(([name, value]): [string, string] => [wellFormed(name), wellFormed(value)]),
          )
          const reply = await here.ask(method, `${withParams(path, Object.fromEntries(texts))}?${search}`, {
            key,
            ...(method === 'GET' ? {} : bodyOf(row, sent)),
          })
          expect(reply.status).not.toBe(500)
          expect([200, 201, 202, 400, 403, 404, 409, 422, 502]).toContain(reply.status)
        }),
        { numRuns: 60 },
      )
    },
  )
})

/** Batch files of cells that may be anything. */
const files = fc
  .array(
    fc.array(
      fc.oneof(
        fc.constantFrom(
          'buy',
          'sell',
          'withdraw',
          '081234500001',
          '100000',
          '0.5',
          '"',
          '=1+1',
          '🙂',
          '\u0000',
        ),
        fc.string({ maxLength: 8 }),
      ),
      { minLength: 3, maxLength: 5 },
    ),
    { maxLength: 4 },
  )
  .map((rows) => ['kind,reference,phone_number,amount', ...rows.map((row) => row.join(','))].join('\n'))

function bodyOf({ files: isFile }: (typeof ROUTES)[number], sent: unknown) {
  if (isFile === undefined) return { body: JSON.stringify(sent) ?? '' }
  const mediaType = typeof sent === 'string' ? 'text/csv' : 'application/x-ndjson'
  return { body: wellFormed(sent), headers: { 'content-type': mediaType } }
}

/** What can stand in a URL at all. */
function wellFormed(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed().slice(0, 100)
}
