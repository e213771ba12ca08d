import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seenIn, startTestConsole, type TestConsole } from '../support/servers/console.ts'
import { sql } from '../support/servers/sessions.ts'

let here: TestConsole
const run = <Row extends object>(text: string) => sql<Row>(here.databaseUrl, text)
const EVENT = '0190a000-0000-7000-8000-00000000000e'
const EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)>'
const WALLET = '081777700001'

beforeAll(async () => {
  here = await startTestConsole()
  await run(
    `INSERT INTO partners (name, state, actor, rupiah_per_day) VALUES ('acme', 'active', 'person:adi', 1000000)`,
  )
  await run(
    `INSERT INTO partner_usage (partner, minute, day, rupiah) VALUES ('acme', date_trunc('minute', now()), (now() at time zone 'Asia/Jakarta')::date, 250000)`,
  )
  await run(`INSERT INTO webhook_endpoints (partner, url, kinds, secret, created_by)
    VALUES ('acme', 'https://acme.example/hook?key=topsecret', '{order.succeeded,order.resolved}', 'whsec_x', 'adi')`)
  await run(`INSERT INTO webhook_events (id, kind, at) VALUES ('${EVENT}', 'webhook.test', now())`)
  await run(
    `INSERT INTO webhook_deliveries (endpoint_id, event_id, state, tries, next_at, ended_at) VALUES (1, '${EVENT}', 'given_up', 1, now(), now())`,
  )
  await run(`INSERT INTO webhook_tries (event_id, endpoint_id, try, at, duration_ms, http_status, reply)
    VALUES ('${EVENT}', 1, 1, now(), 12, 500, '${EVIL} 081234567890')`)
})
afterAll(async () => {
  await here?.stop()
})

const pageOf = async (path: string, name = 'vina') =>
  (await here.ask('GET', path, { as: await here.as(name) })).text

async function send(
  name: string,
  page: string,
  action: string,
  form: Record<string, string> = {},
  seen?: string,
) {
  const version = seen ?? seenIn(await pageOf(page, name), action)
  return await here.ask('POST', action, { as: await here.as(name), form: { seen: version, ...form } })
}

describe('a partner', () => {
  it('shows its limits with their use today, and no password of its endpoint', async () => {
    const page = await pageOf('/partners/acme')
    expect(page).toMatch(/Rp 1\.000\.000[\s\S]*Rp 250\.000/)
    expect(page).toContain('https://acme.example/hook?…')
    expect(page).not.toContain('topsecret')
  })

  it('is suspended by one person, and accepted again by an admin', async () => {
    const place = '/partners/acme'
    const old = seenIn(await pageOf(place, 'candra'), `${place}/suspend`)
    expect((await send('candra', place, `${place}/suspend`)).status).toBe(303)
    expect((await send('candra', place, `${place}/suspend`, {}, old)).text).toMatch(
      /\(state: active → suspended\)/,
    )
    expect((await send('candra', place, `${place}/resume`)).status).toBe(403)
    expect((await send('adi', place, `${place}/resume`)).status).toBe(303)
    const [row] = await run<{ state: string }>(`SELECT state FROM partners WHERE name = 'acme'`)
    expect(row?.state).toBe('active')
  })
})

describe('an endpoint', () => {
  it('is paused with a reason, and only an admin sends to it again', async () => {
    const [place, action] = ['/partners/acme', '/partners/acme/endpoints/1']
    expect((await send('candra', place, `${action}/pause`, { note: ' ' })).status).toBe(409)
    expect((await send('candra', place, `${action}/pause`, { note: EVIL })).status).toBe(303)
    expect(await pageOf(place)).not.toMatch(/<script>|<img/)
    expect((await send('mira', place, `${action}/resume`)).status).toBe(403)
    expect((await send('adi', place, `${action}/resume`)).status).toBe(303)
  })

  it('of another partner is not there', async () => {
    await run(`INSERT INTO partners (name, state, actor) VALUES ('other', 'active', 'person:adi')`)
    const reply = await here.ask('POST', '/partners/other/endpoints/1/pause', { as: await here.as('mira') })
    expect(reply.status).toBe(404)
  })

  it('is sent again what was given up, once, by a maker who saw how it stands', async () => {
    const place = `/deliveries/${EVENT}`
    const page = await pageOf(place, 'mira')
    expect(page).not.toMatch(/<script>|<img|081234567890|topsecret/)
    expect(page).toContain('HTTP 500')
    const old = seenIn(page, `${place}/replay`)
    expect((await send('mira', place, `${place}/replay`)).status).toBe(303)
    const late = await send('mira', place, `${place}/replay`, {}, old)
    expect(late.status).toBe(409)
    expect(late.text).toMatch(/given up after 1 tries → pending after 1 tries/)
    await run(`UPDATE webhook_deliveries SET state = 'given_up', ended_at = now()`)
    const list = await pageOf('/partners/acme/deliveries?state=given_up', 'mira')
    expect(list).toContain(place)
    expect((await send('mira', '/partners/acme', '/partners/acme/endpoints/1/replay')).status).toBe(303)
    const [row] = await run<{ state: string }>('SELECT state FROM webhook_deliveries')
    expect(row?.state).toBe('pending')
  })
})

describe('a wallet', () => {
  const place = '/partners/acme/wallets'
  it('is linked by two people and unlinked by one, and no page has its number', async () => {
    const form = { wallet: '+62 817-7770-0001', note: 'contract of May' }
    const proposed = await here.ask('POST', `${place}/link`, { as: await here.as('mira'), form })
    expect(proposed.headers.get('location')).toBe('/approvals?done=proposed')
    expect(await pageOf('/approvals', 'candra')).not.toContain(WALLET)
    const elsewhere = { seen: 'another content', note: 'compared' }
    const blind = await here.ask('POST', '/approvals/requests/1/approve', {
      as: await here.as('candra'),
      form: elsewhere,
    })
    expect(blind.status).toBe(409)
    const approved = await send('candra', '/approvals', '/approvals/requests/1/approve', { note: 'compared' })
    expect(approved.status).toBe(303)
    const page = await pageOf(place, 'mira')
    expect(page).toContain('linked by two people')
    expect(page).not.toContain(WALLET)
    const other = await here.ask('POST', '/partners/other/wallets/unlink', {
      as: await here.as('mira'),
      form,
    })
    expect(other.text).toContain('the wallet is not linked to other')
    expect(other.text).not.toContain(WALLET)
    const as = await here.as('candra')
    expect((await here.ask('POST', `${place}/unlink`, { as, form })).status).toBe(303)
    const [row] = await run<{ state: string }>('SELECT state FROM partner_wallets')
    expect(row?.state).toBe('unlinked')
  })

  it('that is no number, or has no reason, is refused', async () => {
    const as = await here.as('mira')
    const wrong = { wallet: EVIL, note: 'x' }
    const reply = await here.ask('POST', `${place}/link`, { as, form: wrong })
    expect(reply.status).toBe(409)
    expect(reply.text).not.toMatch(/<script>|<img/)
    const silent = await here.ask('POST', `${place}/link`, { as, form: { wallet: WALLET, note: '' } })
    expect(silent.text).toContain('say why')
  })
})
