import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { feedBatches } from '../../../src/batches/feed.ts'
import { silentLog } from '../../support/deps.ts'
import { inSession } from '../../support/servers/sessions.ts'
import { CSV, sentBatch, startTestWeb, type TestWeb } from '../../support/servers/web.ts'
import { unnamed } from '../../support/unnamed.ts'

let here: TestWeb
beforeAll(async () => {
  here = await startTestWeb()
})
afterAll(async () => {
  await here?.stop()
})

const lead = (key: string, id: unknown, move: string, body: unknown = {}) =>
  here.ask('POST', `/v1/batches/${id}/${move}`, { key, body })

/** A partner with a key that sends, and another holder's that approves. */
async function twoHolders() {
  const { key, name } = await here.partner({
    scopes: ['batches:write', 'orders:read', 'orders:write', 'approve'],
  })
  return { key, name, approver: await here.holder(name, 'finance', ['approve', 'orders:read']) }
}

let count = 0
/** A running batch of two rows, of which the first was cancelled and the second is under way. */
async function withOneFailure() {
  const holders = await twoHolders()
  const { key, approver } = holders
  count += 2
  const rows = [1, 2].map(
    (row) => `buy,R-${count}-${row},08170000${String(count + row).padStart(4, '0')},100000`,
  )
  const file = ['kind,reference,phone_number,amount', ...rows, ''].join('\n')
  const { id } = (await here.ask('POST', '/v1/batches', { key, body: file, headers: CSV })).json
  await lead(approver, id, 'approve')
  await lead(key, id, 'run')
  await inSession(here.databaseUrl, (session) =>
    feedBatches(session, {
      ...{ newId: randomUUID, wake: async () => {}, actor: 'feeder:test', log: silentLog },
    }),
  )
  const order = 'SELECT order_id AS id FROM batch_rows WHERE batch_id = $1 AND row_number = 1'
  const [row] = await here.database.run<{ id: string }>(unnamed(order), [id])
  expect((await here.ask('POST', `/v1/orders/${row?.id}/cancel`, { key })).status).toBe(200)
  return { ...holders, id, reference: `R-${count}-1` }
}

describe('a retry over HTTP', () => {
  it('is a new batch of the rows that failed, which another holder approves', async () => {
    const { key, name, approver, id } = await withOneFailure()
    const retries = async (of: unknown) => {
      const { json } = await here.ask('GET', `/v1/batches?retry_of=${of}`, { key })
      return (json.batches as { id: number }[]).map((batch) => batch.id)
    }
    expect(await retries(id)).toEqual([])
    const made = await lead(key, id, 'retry')
    expect((await here.ask('GET', '/v1/batches?retry_of=x', { key })).status).toBe(400)
    expect(made).toMatchObject({
      status: 201,
      json: {
        batch: { state: 'checked', rows: 1, retry_of: id, created_by: `${name}/main`, approved_by: null },
        left_out: { open: 1 },
      },
    })
    const retryId = (made.json.batch as { id: number }).id
    expect(await retries(id)).toEqual([retryId])
    expect(await retries(retryId)).toEqual([])
    expect(made.headers.get('location')).toBe(`/v1/batches/${retryId}`)
    expect((await lead(key, retryId, 'approve')).json).toMatchObject({ code: 'second_person_needed' })
    expect((await lead(key, retryId, 'run')).json).toMatchObject({ code: 'batch_state' })
    expect((await lead(approver, retryId, 'approve')).json).toMatchObject({ state: 'approved' })
    expect((await lead(key, retryId, 'run')).json).toMatchObject({ state: 'running' })
  })

  it('retries a row once, and says why no other is retried', async () => {
    const { key, id } = await withOneFailure()
    const answers = await Promise.all([lead(key, id, 'retry'), lead(key, id, 'retry')])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    const again = await lead(key, id, 'retry')
    expect(again.json).toMatchObject({
      code: 'batch_state',
      detail: expect.stringMatching(/1 retried already.*1 under way|1 under way.*1 retried already/),
    })
    expect(again.json.detail).not.toContain('goldpro')
  })

  it('chooses rows by reason, and refuses a reason that is none and a deadline that has passed', async () => {
    const { key, id } = await withOneFailure()
    expect((await lead(key, id, 'retry', { reasons: ['expired'] })).json).toMatchObject({
      code: 'batch_state',
      detail: expect.stringContaining('other reasons'),
    })
    for (const body of [{ reasons: ['in_doubt'] }, { reasons: [] }, { deadline: '2020-01-01T00:00:00Z' }])
      expect((await lead(key, id, 'retry', body)).json.code).toBe('invalid_request')
    expect((await lead(key, id, 'retry', { reasons: ['cancelled'] })).status).toBe(201)
  })

  it("is refused to a key without the scope, and another partner's batch does not exist", async () => {
    const { approver, id } = await withOneFailure()
    expect((await lead(approver, id, 'retry')).json.code).toBe('scope_missing')
    const other = await here.partner()
    expect(await lead(other.key, id, 'retry')).toMatchObject({ status: 404, json: { code: 'not_found' } })
    const { status } = await lead(other.key, await sentBatch(here, other.key), 'retry')
    expect(status).toBe(409)
    const made = 'SELECT 1 FROM batches WHERE retry_of = $1'
    expect(await here.database.run(unnamed(made), [id])).toEqual([])
  })
})
