import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonSchemaOf } from '../../../src/http/json-schema.ts'
import { type LimitChange, setLimits } from '../../../src/partners/store/partners.ts'
import { addBatchPlan } from '../../../src/plans/batch-source.ts'
import { pausePlan } from '../../../src/plans/commands.ts'
import { PLAN_BODIES } from '../../../src/plans/http/plan-examples.ts'
import { planBody } from '../../../src/plans/http/plan-schemas.ts'
import { parseOrderSource } from '../../../src/plans/order-source.ts'
import { readPlanRequest } from '../../../src/plans/read-terms.ts'
import { runDuePlans } from '../../../src/plans/run-due.ts'
import { databaseClock } from '../../../src/postgres/clock.ts'
import { valuesOf } from '../../support/factories/from-schema.ts'
import { KTP, postalAddress } from '../../support/factories/job-data.ts'
import { partnerBatch } from '../../support/scenes/own-batch.ts'
import { leadAt, planTerms, QUIET } from '../../support/scenes/plan-scene.ts'
import { inSession } from '../../support/servers/sessions.ts'
import { aBuy, aPlan, ask, keepPrice, startTestWeb, type TestWeb } from '../../support/servers/web.ts'
import { unnamed } from '../../support/unnamed.ts'

let here: TestWeb
beforeAll(async () => {
  here = await startTestWeb()
})
afterAll(async () => {
  await here?.stop()
})

type Partner = Awaited<ReturnType<TestWeb['partner']>>
const post = ({ key }: Partner, body: object) => here.ask('POST', '/v1/plans', { key, body })
const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  here.database.run<Row>(unnamed(text), values)
const plansOf = async ({ name }: Partner) =>
  (await run<{ plans: number }>('SELECT count(*)::int AS plans FROM plans WHERE owner = $1', [name]))[0]
    ?.plans

/** One tick of a scheduler. */
const tick = () =>
  inSession(here.databaseUrl, (session) =>
    runDuePlans(session, {
      ...{ actor: 'scheduler:test', clock: databaseClock, newId: randomUUID, log: QUIET },
      wake: async () => {},
    }),
  )

describe('adding a plan', () => {
  it('is answered with where it is read, its next five due times, and nothing that is personal', async () => {
    const shop = await here.partner()
    const reply = await post(shop, aPlan({ name: 'savings', from: '2036-02-01', to: '2036-12-31' }))
    expect(reply.status).toBe(201)
    expect(reply.headers.get('location')).toBe('/v1/plans/savings')
    expect(reply.json).toMatchObject({
      ...{ name: 'savings', state: 'active', batch: null, max_age: '1d', deadline: null },
      order: { kind: 'buy', phone_number: '08xxxxxxx001', request: { amount: 100_000 } },
      schedule: { monthly: { day: 25, weekend: 'keep', at: '09:00' } },
      ...{ starts_at: '2036-01-31T17:00:00.000Z', ends_at: '2036-12-31T17:00:00.000Z' },
      next_due: ['02', '03', '04', '05', '06'].map((month) => `2036-${month}-25T02:00:00.000Z`),
    })
    expect((await here.ask('GET', '/v1/plans/savings', shop)).text).toBe(reply.text)
  })

  it.each(Object.entries(PLAN_BODIES))('takes the example of %s', async (_name, body) => {
    const shop = await here.partner()
    const batch = 'batch_id' in body ? { batch_id: await partnerBatch(here, shop.name) } : {}
    expect(planBody.safeParse(body).error).toBeUndefined()
    expect((await post(shop, { ...body, ...batch })).status).toBe(201)
  })

  it('makes one plan and one answer of 100 identical requests at once, by whatever it runs', async () => {
    const shop = await here.partner()
    const batch_id = await partnerBatch(here, shop.name)
    const bodies = [aPlan(), aPlan({ order: undefined, batch_id, stop_after_failures: '50%' })]
    for (const body of bodies) {
      const replies = await Promise.all(Array.from({ length: 100 }, () => post(shop, body)))
      const statuses = replies.map(({ status }) => status).sort()
      expect(statuses).toEqual([...Array(99).fill(200), 201])
      expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    }
    expect(await plansOf(shop)).toBe(2)
  })

  it('is finished by the repetition when the process was killed after the commit', async () => {
    const shop = await here.partner()
    const batch_id = await partnerBatch(here, shop.name)
    const program = fileURLToPath(new URL('../../http/dying-web.mjs', import.meta.url))
    for (const body of [aPlan(), aPlan({ order: undefined, batch_id })]) {
      const child = fork(program, [JSON.stringify({ databaseUrl: here.databaseUrl, isMortal: true })])
      const [url] = (await once(child, 'message')) as [string]
      const died = once(child, 'exit')
      await expect(ask(url, 'POST', '/v1/plans', { key: shop.key, body })).rejects.toThrow()
      expect(await died).toEqual([null, 'SIGKILL'])
      const again = await post(shop, body)
      expect(again).toMatchObject({ status: 200, json: { name: body.name, state: 'active' } })
    }
    expect(await plansOf(shop)).toBe(2)
  })

  it('finds it again for ever: paused, removed, and when the limits would not let it in any more', async () => {
    const shop = await here.partner()
    const body = aPlan({ name: 'again', count: 3, deadline: '60m', time_zone: 'Asia/Jakarta' })
    expect((await post(shop, body)).status).toBe(201)
    // The same, spelled in another way.
    const same = { ...body, deadline: '1h', missed: 'run_once', time_zone: undefined }
    await here.ask('POST', '/v1/plans/again/pause', shop)
    expect(await post(shop, same)).toMatchObject({ status: 200, json: { state: 'paused' } })
    await setLimits(here.database, shop.name, { kinds: ['sell'] }, 'person:test')
    await here.ask('POST', '/v1/plans/again/remove', shop)
    expect(await post(shop, same)).toMatchObject({ status: 200, json: { state: 'removed' } })
    expect(await plansOf(shop)).toBe(1)
  })

  it('finds a plan of withdrawals again after what is personal of it was erased', async () => {
    const shop = await here.partner()
    const order = {
      ...{ kind: 'withdraw', phone_number: '081234500001', gold_weight: 1, ktp: KTP },
      address: postalAddress(),
    }
    const body = aPlan({ name: 'bars', order })
    const added = await post(shop, body)
    const other = aPlan({ name: 'bars', order: { ...order, ktp: '3174999901010002' } })
    expect(await post(shop, other)).toMatchObject({ status: 409, json: { differs: ['order.ktp'] } })
    await here.ask('POST', '/v1/plans/bars/remove', shop)
    const again = await post(shop, body)
    expect([added.status, again.status]).toEqual([201, 200])
    for (const { text } of [added, again]) expect(text).not.toMatch(/3174|Contoh|0812345/)
  })

  it.each([
    [{ order: { kind: 'buy', phone_number: '081234500001', amount: 5 } }, ['order.amount']],
    [
      { order: { kind: 'sell', phone_number: '081234500002', gold_weight: 1 } },
      ['order.kind', 'order.phone_number', 'order.amount', 'order.gold_weight'],
    ],
    [{ order: undefined, batch_id: 1 }, ['order', 'batch_id']],
    [{ schedule: { monthly: { day: 26 } } }, ['schedule']],
    [{ schedule: { cron: '0 9 25 * *' } }, ['schedule']],
    [{ time_zone: 'Asia/Jayapura' }, ['time_zone']],
    [{ from: '2036-01-01' }, ['from']],
    [{ to: '2036-01-01' }, ['to']],
    [{ count: 2 }, ['count']],
    [{ missed: 'skip', overlap: 'allow' }, ['missed', 'overlap']],
    [{ max_age: '2h' }, ['max_age']],
    [{ deadline: '2h' }, ['deadline']],
  ])('names what differs of a plan with the same name: %j', async (change, differs) => {
    const shop = await here.partner()
    const body = aPlan({ name: 'stands' })
    const first = await post(shop, body)
    const reply = await post(shop, { ...body, ...change })
    expect(reply).toMatchObject({ status: 409, json: { code: 'plan_conflict' } })
    expect([...(reply.json.differs as string[])].sort()).toEqual([...differs].sort())
    expect((await here.ask('GET', '/v1/plans/stands', shop)).text).toBe(first.text)
  })

  const buy = { kind: 'buy', phone_number: '081234500001', amount: 1 }
  it.each([
    ['no name', { name: undefined }, 'name'],
    ['a name of digits', { name: '12' }, 'name'],
    ['a name with a phone number', { name: 'for-081234500001' }, 'name'],
    ['nothing to run', { order: undefined }, 'order'],
    ['two things to run', { batch_id: 1 }, 'order'],
    ['an order that is none', { order: 'gold' }, 'order'],
    ['an unknown kind', { order: { ...buy, kind: 'gift' } }, 'order.kind'],
    ['a bad amount', { order: { ...buy, amount: 0 } }, 'order.amount'],
    ['a partner', { order: { ...buy, partner: 'acme' } }, 'order.partner'],
    ['a reference', { order: { ...buy, reference: 'A-1' } }, 'order.reference'],
    ['a deadline of the order', { order: { ...buy, deadline: '2036-01-01T00:00:00Z' } }, 'order.deadline'],
    ['no schedule', { schedule: undefined }, 'schedule'],
    ['an empty schedule', { schedule: {} }, 'schedule'],
    ['two schedules', { schedule: { cron: '0 9 * * *', monthly: { day: 1 } } }, 'schedule'],
    ['a cron of six fields', { schedule: { cron: '0 0 9 * * *' } }, 'schedule.cron'],
    ['a 32nd', { schedule: { monthly: { day: 32 } } }, 'schedule.monthly.day'],
    ['a time that is none', { schedule: { monthly: { day: 1, at: '9' } } }, 'schedule.monthly.at'],
    [
      'an unknown weekend rule',
      { schedule: { monthly: { day: 1, weekend: 'x' } } },
      'schedule.monthly.weekend',
    ],
    ['a schedule that never comes', { schedule: { cron: '0 9 30 2 *' } }, 'schedule'],
    ['an end that has passed', { to: '2020-01-01' }, 'schedule'],
    ['a zone that does not exist', { time_zone: 'Asia/Bandung' }, 'time_zone'],
    ['a day that does not exist', { from: '2036-02-30' }, 'from'],
    ['a day that is none', { to: 'tomorrow' }, 'to'],
    ['no time at all', { count: 0 }, 'count'],
    ['half a time', { count: 1.5 }, 'count'],
    ['an unknown policy', { missed: 'later' }, 'missed'],
    ['all of many at once', { missed: 'run_all' }, 'overlap'],
    ['an age without a unit', { max_age: '90' }, 'max_age'],
    ['an age above a year', { max_age: '367d' }, 'max_age'],
    ['a deadline that is none', { deadline: 15 }, 'deadline'],
    ['a rate with an order', { rate_per_second: 5 }, 'rate_per_second'],
    ['an unknown field', { colour: 'gold' }, 'colour'],
    ['a batch that is not there', { order: undefined, batch_id: 999_999 }, 'batch_id'],
    ['a batch that is no number', { order: undefined, batch_id: 'x' }, 'batch_id'],
    ['a deadline with a batch', { order: undefined, batch_id: 1, deadline: '1h' }, 'deadline'],
    ['copies beside each other', { order: undefined, batch_id: 1, overlap: 'allow' }, 'overlap'],
    ['too many rows a second', { order: undefined, batch_id: 1, rate_per_second: 1_001 }, 'rate_per_second'],
    [
      'a share above all',
      { order: undefined, batch_id: 1, stop_after_failures: '101%' },
      'stop_after_failures',
    ],
  ])('refuses %s and names the field', async (_what, change, field) => {
    const shop = await here.partner()
    const reply = await post(shop, aPlan(change))
    expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_request', errors: [{ field }] } })
    expect(reply.text).not.toMatch(/081234500001|Bandung/)
    expect(await plansOf(shop)).toBe(0)
  })

  it('tells no value of a field whose name is one', async () => {
    const reply = await post(await here.partner(), aPlan({ '081234500001': 1 }))
    expect(reply.json.errors).toMatchObject([{ field: '????????????' }])
  })

  it.each([
    ['kind_not_allowed', { kinds: ['sell'] }, {}],
    ['rupiah_per_order', { rupiah_per_order: '99999' }, {}],
    ['rupiah_per_order', { rupiah_per_day: '99999' }, {}],
    ['rupiah_unbounded', { rupiah_per_day: '1' }, { order: { ...buy, amount: undefined, gold_weight: 1 } }],
  ])('refuses what no run could ever be placed for: %s', async (code, limits, change) => {
    const shop = await here.partner({ limits: limits as LimitChange })
    expect(await post(shop, aPlan(change))).toMatchObject({ status: 403, json: { code } })
    expect(await plansOf(shop)).toBe(0)
  })

  it('needs the scope for it, and reading has its own', async () => {
    const reader = await here.partner({ scopes: ['orders:read'] })
    expect((await post(reader, aPlan())).json.code).toBe('scope_missing')
    expect((await here.ask('GET', '/v1/plans', reader)).status).toBe(200)
    const writer = await here.partner({ scopes: ['batches:write'] })
    expect((await post(writer, aPlan())).status).toBe(201)
    expect((await here.ask('GET', '/v1/plans', writer)).json.code).toBe('scope_missing')
  })

  // No pattern describes what these may be: hardly any text that is drawn is one.
  const WRITTEN = { from: '2036-01-01', to: '2037-01-01', max_age: '2h', deadline: '90m' }

  it('takes nothing that the description does not', () => {
    let taken = 0
    const isRead = (body: unknown) => {
      try {
        const wish = readPlanRequest(body)
        if (wish.is === 'order') parseOrderSource({ ...(wish.order as object), partner: 'acme' })
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(valuesOf(jsonSchemaOf(planBody)), fc.subarray(Object.entries(WRITTEN)), (body, written) => {
        const mended = Object.fromEntries(written.filter(([field]) => field in (body as object)))
        // A pattern of a schedule is described in words only.
        const given = {
          ...(body as object),
          ...mended,
          name: 'p',
          schedule: { monthly: { day: 25 } },
          time_zone: 'UTC',
        }
        if (!isRead(given)) return
        taken += 1
        expect(planBody.safeParse(given).error).toBeUndefined()
      }),
      { numRuns: 600 },
    )
    expect(taken).toBeGreaterThan(20)
  })
})

describe('a plan of a batch', () => {
  it('takes an own approved batch once, and no other', async () => {
    const [shop, other] = [await here.partner(), await here.partner()]
    const batch_id = await partnerBatch(here, shop.name)
    const body = aPlan({ order: undefined, batch_id, rate_per_second: 5, stop_after_failures: 2 })
    const foreign = await post(other, body)
    const absent = await post(other, { ...body, batch_id: 999_999 })
    expect(foreign.json.errors).toMatchObject([{ field: 'batch_id' }])
    expect(foreign.text).toBe(absent.text)
    expect(await post(shop, body)).toMatchObject({
      status: 201,
      json: { order: null, batch: { batch_id, rate_per_second: 5, stop_after_failures: 2 } },
    })
    expect((await post(shop, aPlan({ order: undefined, batch_id }))).json.code).toBe('batch_unfit')
    expect(await post(shop, { ...body, rate_per_second: 6 })).toMatchObject({
      json: { differs: ['rate_per_second'] },
    })
    expect(await post(shop, { ...body, stop_after_failures: '1%' })).toMatchObject({
      json: { differs: ['stop_after_failures'] },
    })
  })

  it('is not an operator’s, and an operator’s batch is no partner’s plan', async () => {
    const shop = await here.partner()
    const batchId = await partnerBatch(here, shop.name)
    const wish = { batchId, ratePerSecond: 5, stopAfter: null }
    const operators = addBatchPlan(here.database, planTerms(), wish, leadAt(new Date()))
    expect(await operators).toMatchObject({ is: 'refused', why: 'batch_unfit' })
    await expect(
      run(
        `INSERT INTO plans (name, source, schedule, time_zone, starts_at, missed, max_age_minutes, overlap, batch_id, state, reason, actor, created_by)
         VALUES ('x', jsonb_build_object('is', 'batch', 'batch_id', $1::int), '{}', 'UTC', now(), 'skip', 1, 'skip', $1, 'active', 'added', 'x', 'x')`,
        [batchId],
      ),
    ).rejects.toMatchObject({ constraint: 'plan_of_approved_batch' })
  })
})

describe('leading a plan', () => {
  it('pauses, resumes and removes it, and a repetition finds it so', async () => {
    const shop = await here.partner()
    await post(shop, aPlan({ name: 'led' }))
    const lead = (how: string) => here.ask('POST', `/v1/plans/led/${how}`, shop)
    for (const [how, state, reason] of [
      ['pause', 'paused', 'paused_by_partner'],
      ['resume', 'active', 'resumed_by_partner'],
      ['remove', 'removed', 'removed_by_partner'],
    ]) {
      const [first, second] = [await lead(String(how)), await lead(String(how))]
      expect(first).toMatchObject({ status: 200, json: { state, reason } })
      expect(second.text).toBe(first.text)
    }
    for (const how of ['pause', 'resume']) expect((await lead(how)).json.code).toBe('plan_state')
    const actors = await run<{ actor: string }>(
      `SELECT DISTINCT e.actor FROM plan_events e JOIN plans p ON p.id = e.plan_id WHERE p.owner = $1`,
      [shop.name],
    )
    expect(actors).toEqual([{ actor: `partner:${shop.name}/main` }])
  })

  it('does not wait long for a scheduler that has the plan: it is to be tried again', async () => {
    const shop = await here.partner()
    await post(shop, aPlan({ name: 'held' }))
    const reply = await inSession(here.databaseUrl, (session) =>
      session.transaction(async (held) => {
        await held.run(unnamed('SELECT 1 FROM plans WHERE owner = $1 FOR UPDATE'), [shop.name])
        return await here.ask('POST', '/v1/plans/held/pause', shop)
      }),
    )
    expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect(reply.headers.get('retry-after')).toBe('2')
    expect((await here.ask('POST', '/v1/plans/held/pause', shop)).status).toBe(200)
  })

  it('neither waits for another’s batch nor long for its own', async () => {
    const [shop, other] = [await here.partner(), await here.partner()]
    const batchId = await partnerBatch(here, shop.name)
    const wish = aPlan({ order: undefined, batch_id: batchId })
    await inSession(here.databaseUrl, (session) =>
      session.transaction(async (held) => {
        await held.run(unnamed('SELECT 1 FROM batches WHERE id = $1 FOR UPDATE'), [batchId])
        expect((await post(other, wish)).status).toBe(400)
        const cancel = here.ask('POST', `/v1/batches/${batchId}/cancel`, shop)
        for (const reply of await Promise.all([post(shop, wish), cancel]))
          expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } })
      }),
    )
    expect((await post(shop, wish)).status).toBe(201)
  })

  it('does not resume what an operator paused', async () => {
    const shop = await here.partner()
    await post(shop, aPlan({ name: 'stopped' }))
    const [plan] = await run<{ id: number }>('SELECT id FROM plans WHERE owner = $1', [shop.name])
    await pausePlan(here.database, plan?.id ?? 0, leadAt(new Date()))
    const reply = await here.ask('POST', '/v1/plans/stopped/resume', shop)
    expect(reply).toMatchObject({
      status: 409,
      json: { code: 'plan_state', detail: expect.stringContaining('operator') },
    })
  })
})

describe('running a plan now', () => {
  it('makes one run and one order of 50 requests at once and of every repetition after', async () => {
    const shop = await here.partner()
    await post(shop, aPlan({ name: 'now' }))
    const body = { due_at: new Date(Date.now() - 1_000).toISOString() }
    const ask = () => here.ask('POST', '/v1/plans/now/run-now', { key: shop.key, body })
    const replies = await Promise.all(Array.from({ length: 50 }, ask))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    expect(replies[0]?.json).toMatchObject({ due_at: body.due_at, state: 'planned', order: null })
    await tick()
    const started = await ask()
    expect(started.json).toMatchObject({ state: 'started', order: { state: 'accepted' } })
    await here.ask('POST', '/v1/plans/now/remove', shop)
    await tick()
    expect((await ask()).text).toBe(started.text)
    const orders = await here.ask('GET', '/v1/orders', shop)
    expect(orders.json.orders).toMatchObject([{ reference: expect.stringMatching(/^plan-now-20/) }])
  })

  it.each([
    ['nothing', {}],
    ['a time without a zone', { due_at: '2030-01-01T00:00:00' }],
    ['a time long ago', { due_at: '2020-01-01T00:00:00Z' }],
    ['a time to come', { due_at: new Date(Date.now() + 600_000) }],
    ['a time that Postgres has not', { due_at: '0000-01-01T00:00:00Z' }],
  ])('refuses %s', async (_what, body) => {
    const shop = await here.partner()
    await post(shop, aPlan({ name: 'now' }))
    const reply = await here.ask('POST', '/v1/plans/now/run-now', { key: shop.key, body })
    expect(reply).toMatchObject({ status: 400, json: { errors: [{ field: 'due_at' }] } })
  })

  it('does not run a plan that is paused', async () => {
    const shop = await here.partner()
    await post(shop, aPlan({ name: 'now' }))
    await here.ask('POST', '/v1/plans/now/pause', shop)
    const reply = await here.ask('POST', '/v1/plans/now/run-now', {
      key: shop.key,
      body: { due_at: new Date() },
    })
    expect(reply.json.code).toBe('plan_state')
  })
})

describe('reading plans', () => {
  it('walks all of them page by page, by name, each once', async () => {
    const shop = await here.partner()
    const names = ['d', 'a', 'c', 'b', 'e'].map((letter) => `${letter}-plan`)
    for (const name of names) await post(shop, aPlan({ name }))
    const seen: unknown[] = []
    for (let cursor = ''; ; ) {
      const { json } = await here.ask('GET', `/v1/plans?limit=2${cursor}`, shop)
      seen.push(...(json.plans as { name: string }[]).map(({ name }) => name))
      if (json.next === null) break
      cursor = `&cursor=${json.next}`
    }
    expect(seen).toEqual([...names].sort())
    await here.ask('POST', '/v1/plans/c-plan/pause', shop)
    const paused = await here.ask('GET', '/v1/plans?state=paused', shop)
    expect(paused.json.plans).toMatchObject([{ name: 'c-plan', next_due: [] }])
  })

  it('walks all due times of a plan, the newest first, with the limit for which one was skipped', async () => {
    const shop = await here.partner({ limits: { rupiah_per_day: '100000' } })
    await post(shop, aPlan({ name: 'runs', overlap: 'allow' }))
    const due = [3, 2, 1].map((seconds) => new Date(Date.now() - seconds * 1_000).toISOString())
    for (const due_at of due)
      await here.ask('POST', '/v1/plans/runs/run-now', { key: shop.key, body: { due_at } })
    await tick()
    const first = await here.ask('GET', '/v1/plans/runs/runs?limit=2', shop)
    const second = await here.ask('GET', `/v1/plans/runs/runs?limit=2&cursor=${first.json.next}`, shop)
    expect(second.json.next).toBeNull()
    const runs = [first, second].flatMap(
      ({ json }) => json.runs as { due_at: string; breach: string | null }[],
    )
    expect(runs.map(({ due_at }) => due_at)).toEqual([...due].reverse())
    expect(runs.map(({ breach }) => breach)).toEqual(['rupiah_per_day', 'rupiah_per_day', null])
    // What the runs have used is used for orders over HTTP too.
    const order = await here.ask('POST', '/v1/orders', { key: shop.key, body: aBuy({ amount: 1 }) })
    expect(order.json.code).toBe('rupiah_per_day')
  })

  it.each([
    'x',
    Buffer.from('081').toString('base64url'),
    Buffer.from('2026-02-30T00:00:00.000Z').toString('base64url'),
  ])('refuses the cursor %s', async (cursor) => {
    const shop = await here.partner()
    await post(shop, aPlan({ name: 'p' }))
    for (const path of ['/v1/plans', '/v1/plans/p/runs'])
      expect((await here.ask('GET', `${path}?cursor=${cursor}`, shop)).json.errors).toMatchObject([
        { field: 'cursor' },
      ])
  })
})

describe('prices', () => {
  it('are those that were captured of the days asked for, with the newest spread beside them', async () => {
    const shop = await here.partner()
    const ask = async (query: string) => (await here.ask('GET', `/v1/prices${query}`, shop)).json
    expect(await ask('')).toEqual({ prices: [], current: null })
    await keepPrice(here, 'buy', '2026-02-07', 880_000)
    await keepPrice(here, 'buy', '2026-02-08', 881_000)
    await keepPrice(here, 'sell', '2026-02-08', 852_000)
    await keepPrice(here, 'buy', '2026-02-09', 882_000)
    const current = { day: '2026-02-08', buy: 881_000, sell: 852_000, spread: 29_000 }
    expect(await ask('?from=2026-02-07&to=2026-02-08')).toEqual({
      prices: [{ day: '2026-02-07', buy: 880_000, sell: null, spread: null }, current],
      current,
    })
    expect((await ask('?to=2026-03-10')).prices).toHaveLength(1)
  })

  it.each([
    ['?from=2026-02-30', 'from'],
    ['?from=2026-02-09&to=2026-02-08', 'from'],
    ['?from=2025-02-08&to=2026-02-09', 'from'],
    ['?to=0000-01-01', 'to'],
    ['?side=buy', 'side'],
  ])('are refused for %s', async (query, field) => {
    const reply = await here.ask('GET', `/v1/prices${query}`, await here.partner())
    expect(reply).toMatchObject({ status: 400, json: { errors: [{ field }] } })
  })
})
