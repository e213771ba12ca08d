import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seenOf } from '../../src/console/stale.ts'
import { anAccepted, openStores } from '../support/factories/stored-orders.ts'
import { pretendRestored, recover } from '../support/scenes/restored-database.ts'
import { seenIn, startTestConsole, type TestConsole } from '../support/servers/console.ts'

let here: TestConsole
let stores: ReturnType<typeof openStores>
let orderId: string
beforeAll(async () => {
  here = await startTestConsole()
  stores = openStores(here.databaseUrl)
  orderId = await anAccepted(stores)
  await pretendRestored(stores.database)
})
afterAll(async () => {
  await stores?.database.close()
  await here?.stop()
})

/** Sends a form as a person who has just read its page; without the form, as one who forges it. */
async function send(name: string, page: string, action: string, shown: string | null) {
  const as = await here.as(name)
  // A page shows only the forms that its reader may send; what another one was shown is the same.
  const pages = [name, 'mira', 'candra'].map(async (reader) =>
    here.ask('GET', page, { as: await here.as(reader) }),
  )
  const seen = (await Promise.all(pages)).map(({ text }) => seenIn(text, action)).find((each) => each !== '')
  return await here.ask('POST', action, {
    as,
    form: { seen: shown ?? seen ?? '', note: 'after the restore' },
  })
}

const FORBIDDEN = 'Your role does not allow this'
const NO_END = 'in a restored database no order ends before the recovery'
const HELD = 'a recovery holds this order, for it may have been executed'
const STATEMENTS = 'import complete statements of'

type Row = readonly [name: string, status: number, words: string]

async function tryAll(
  page: string,
  action: string,
  rows: readonly Row[],
  shown: string | null = null,
): Promise<void> {
  for (const [name, status, words] of rows) {
    const reply = await send(name, page, action, shown)
    expect(reply.status, `${name} ${action}`).toBe(status)
    expect(reply.text, `${name} ${action}`).toContain(words)
  }
}

describe('while a restored database waits for its recovery', () => {
  it('the command’s own words refuse whoever may cancel an order', async () => {
    await tryAll(`/orders/${orderId}`, `/orders/${orderId}/cancel`, [
      ['vina', 403, FORBIDDEN],
      ['mira', 409, NO_END],
      ['candra', 409, NO_END],
      ['adi', 409, NO_END],
    ])
  })

  it('pages say so, also before any process has found out', async () => {
    for (const path of ['/', '/orders', '/switches'])
      expect((await here.ask('GET', path, { as: await here.as('vina') })).text, path).toContain(
        'goldpro recover orders',
      )
  })
})

describe('while a recovery is open', () => {
  beforeAll(() => recover(here.databaseUrl))

  it('the command’s own words refuse whoever may release one order, or propose to release all', async () => {
    await tryAll(
      `/orders/${orderId}`,
      `/orders/${orderId}/release`,
      [
        ['vina', 403, FORBIDDEN],
        ['candra', 403, FORBIDDEN],
        ['adi', 403, FORBIDDEN],
        ['mira', 409, HELD],
        ['oka', 409, HELD],
      ],
      seenOf({ state: 'held', reason: 'restored', changes: 2, proposal: null }),
    )
    const { text } = await here.ask('GET', `/orders/${orderId}`, { as: await here.as('mira') })
    expect(text).not.toContain(`/orders/${orderId}/release`)
    await tryAll('/switches', '/switches/release', [
      ['vina', 403, FORBIDDEN],
      ['candra', 403, FORBIDDEN],
      ['adi', 403, FORBIDDEN],
      ['mira', 409, STATEMENTS],
      ['oka', 409, STATEMENTS],
    ])
    expect((await stores.store.load([orderId]))[0]).toMatchObject({ state: 'held', reason: 'restored' })
  })

  it('the switch is opened by two people only, by the form of a page that says so', async () => {
    const action = '/switches/open'
    const page = await here.ask('GET', '/switches', { as: await here.as('mira') })
    const form = { scope: 'everything', note: 'looked at it', seen: seenIn(page.text, action) }
    const as = await here.as('candra')
    expect((await here.ask('POST', action, { as, form })).status).toBe(403)
    const proposed = await here.ask('POST', action, { as: await here.as('mira'), form })
    expect(proposed.headers.get('location')).toBe('/approvals?done=proposed')
    const approve = await here.ask('POST', '/approvals/requests/1/approve', {
      as: await here.as('mira'),
      form,
    })
    expect(approve.status).toBe(403)
  })
})
