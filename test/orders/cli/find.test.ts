import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBatch } from '../../../src/batches/create.ts'
import { anAccepted, anOrderIn, aWallet, oneRow, openStores } from '../../support/factories/stored-orders.ts'
import { buysFile } from '../../support/scenes/batch-scene.ts'
import { addPlanTo } from '../../support/scenes/plan-scene.ts'
import { runCommand } from '../../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'
import { inSession } from '../../support/servers/sessions.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
const wallet = aWallet()
let executed: { id: string; reference: string; session: string; response: string; request: string }

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
  const id = await anOrderIn(stores, 'succeeded')
  executed = await oneRow(
    stores.database,
    `SELECT o.id, o.reference, a.session_id AS session, a.response_id AS response, a.quote_id AS request
      FROM orders o JOIN attempts a ON a.order_id = o.id WHERE o.id = $1`,
    [id],
  )
  await anOrderIn(stores, 'rejected')
  await anOrderIn(stores, 'rejected')
  await anAccepted(stores, 'buyRupiah', { reference: '=1+1', phone_number: wallet, amount: 1_234_000 })
})

afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})

/** A batch of one row, and a plan. */
async function aBatchAndAPlan() {
  const batchId = await inSession(test.databaseUrl, async (session) => {
    const file = Readable.from([Buffer.from(buysFile(1))])
    const made = await createBatch(session, file, { fileName: 'pay.csv', partner: null, by: 'ani' })
    return made.is === 'created' ? made.batchId : 0
  })
  const { name } = await addPlanTo(stores.database)
  return { batchId, planName: name }
}

const goldpro = (...args: string[]) => runCommand(args, { env: { DATABASE_URL: test.databaseUrl } })

describe('goldpro orders find', () => {
  it.each([
    ['order id', () => executed.id.toUpperCase()],
    ['partner/reference', () => `acme/${executed.reference}`],
    ['reference', () => executed.reference],
    ['session_id', () => executed.session],
    ['response_id', () => executed.response],
    ['request_id', () => executed.request],
  ])('recognises an order by its %s', async (is, given) => {
    const { out, code } = await goldpro('orders', 'find', given(), '--json')
    expect(code).toBe(0)
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toContainEqual(expect.objectContaining({ recognisedAs: is, orderId: executed.id }))
  })

  it.each([
    ['wallet', () => `+62 ${wallet.slice(1)}`],
    ['amount', () => 'Rp 1.234.000'],
  ])('recognises a %s, and shows no number', async (is, given) => {
    const { out } = await goldpro('orders', 'find', given())
    expect(out).toContain(`recognised as ${is}`)
    expect(out).toContain('acme/=1+1')
    expect(out).not.toContain(wallet)
  })

  it('recognises the number of a batch, and the name of a plan', async () => {
    const { batchId, planName } = await aBatchAndAPlan()
    expect((await goldpro('orders', 'find', String(batchId))).out).toContain(`goldpro batch show ${batchId}`)
    expect((await goldpro('orders', 'find', planName)).out).toMatch(/goldpro plan show \S+/)
  })

  it('says that nothing is known, and shows no number either', async () => {
    const nobodys = aWallet()
    const { code, err } = await goldpro('orders', 'find', nobodys)
    expect(code).toBe(1)
    expect(err).toContain('nothing is known by 08')
    expect(err).not.toContain(nobodys)
  })
})

describe('goldpro orders list', () => {
  it('takes the filter of the console and the API', async () => {
    const { out } = await goldpro('orders', 'list', '--session-id', executed.session, '--json')
    expect(JSON.parse(out)).toMatchObject({ orderId: executed.id })
    const listed = await goldpro('orders', 'list', '--amount', '1.234.000', '--from', '2026-01-01')
    expect(listed.out).toContain('sum of 1 orders')
    expect((await goldpro('orders', 'list', '--to', '2026-01-01')).out).toBe('no such orders\n')
    expect(await goldpro('orders', 'list', '--amount', '1.5')).toMatchObject({ code: 2 })
  })

  it('prints the whole result as CSV that no spreadsheet runs', async () => {
    const { out } = await goldpro('orders', 'list', '--csv', '--limit', '1')
    expect(out.trim().split('\n')).toHaveLength(5)
    expect(out).toContain(",'=1+1,")
    expect(out).not.toContain(wallet)
  })
})

describe('goldpro orders rejected', () => {
  it('counts by what the gateway said', async () => {
    const { out } = await goldpro('orders', 'rejected', '--since', '1h', '--json')
    expect(JSON.parse(out)).toMatchObject({ reason: 'insufficient_balance', message: 'Success', count: 2 })
    const csv = (await goldpro('orders', 'rejected', '--csv')).out.split('\n')
    expect(csv.slice(0, 2)).toEqual([
      'reason,message,orders,partners,first_at,last_at,example',
      expect.stringMatching(/^insufficient_balance,Success,2,1,20/),
    ])
    expect((await goldpro('orders', 'rejected', '--since', '2099-01-01')).out).toContain('no order ended')
    expect(await goldpro('orders', 'rejected', '--since', 'soon')).toMatchObject({ code: 2 })
  })
})

describe('many orders at once', () => {
  it('have a line each, and a refused one makes the command end with 1', async () => {
    const ids = [await anAccepted(stores), await anAccepted(stores)]
    const given = [...ids, 'acme/none', executed.id]
    const { code, out, err } = await goldpro('orders', 'hold', ...given, '--note', 'looked at')
    expect(code).toBe(1)
    expect(out).toBe(ids.map((id) => `order ${id} is held\n`).join(''))
    expect(err).toContain('acme/none: there is no order')
    expect(err).toContain(`${executed.id}: an order can be held only while it is accepted`)
    expect(err).toContain('goldpro: 2 of 4 were refused')
    const released = await goldpro('orders', 'release', ...ids, '--note', 'well')
    expect(released).toMatchObject({ code: 0, err: '' })
  })
})
