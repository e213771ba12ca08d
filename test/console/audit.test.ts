import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestConsole, type TestConsole } from '../support/servers/console.ts'
import { sql } from '../support/servers/sessions.ts'

const ORDER = '0190a000-0000-7000-8000-0000000000aa'
const EVIL = '<script>alert(1)</script>'
let here: TestConsole
beforeAll(async () => {
  here = await startTestConsole()
  const run = (text: string) => sql(here.databaseUrl, text)
  await run(`INSERT INTO operator_acts (xid, at, name, proof, command)
    SELECT 1000 + n, '2026-05-04 03:00:00.000001Z'::timestamptz, 'Bulk', 'declared', 'orders hold' FROM generate_series(1, 130) n`)
  await run(`INSERT INTO operator_acts (xid, at, name, proof, command) VALUES
    (1, '2026-05-05 03:00:00Z', 'Mira', 'declared', 'console /orders/${ORDER}/cancel'),
    (2, '2026-05-06 03:00:00Z', '=cmd()', 'declared', 'wallet link 081234567890'),
    (3, '2026-04-01 03:00:00Z', 'Rare', 'declared', 'switch close')`)
  await run(`INSERT INTO console_events (at, operator, event, subject, address) VALUES
    ('2026-05-05 04:00:00Z', 'mira', 'phone_number_shown', '${ORDER}', '10.0.0.9'),
    ('2026-05-05 05:00:00Z', '${EVIL}', 'sign_in_refused', '@SUM(1)', '10.0.0.8')`)
})
afterAll(async () => {
  await here?.stop()
})

const ask = async (path: string, language = 'en') =>
  await here.ask('GET', path, {
    as: await here.as('vina'),
    headers: { 'accept-language': language },
  })
const rowsOf = (page: string) => page.split('<tr data-row>').slice(1)

describe('the audit', () => {
  it('is filtered by person, whatever the case, in what the console and what commands record', async () => {
    const rows = rowsOf((await ask('/audit?person=MIRA&to=2026-05-31')).text)
    expect(rows).toHaveLength(2)
    expect(rows[0]).toContain('saw a phone number')
    expect(rows[1]).toContain(`<a href="/orders/${ORDER}">`)
    expect(rows[1]).toContain('orders cancel')
  })

  it('is filtered by the words of an action, in either language', async () => {
    expect(rowsOf((await ask('/audit?action=orders+cancel')).text)).toHaveLength(1)
    expect(rowsOf((await ask('/audit?action=phone+number&to=2026-05-31')).text)).toHaveLength(1)
    const indonesian = await ask('/audit?action=melihat+nomor&to=2026-05-31', 'id')
    expect(rowsOf(indonesian.text)).toHaveLength(1)
    expect(rowsOf((await ask('/audit?action=%25')).text)).toHaveLength(0)
  })

  it('is filtered by subject and by days in Jakarta, of which the last is included', async () => {
    expect(rowsOf((await ask(`/audit?subject=${ORDER}`)).text)).toHaveLength(2)
    expect(rowsOf((await ask('/audit?from=2026-05-05&to=2026-05-05')).text)).toHaveLength(3)
    const bad = await ask('/audit?from=someday')
    expect(bad.status).toBe(400)
    expect(bad.text).toContain('value="someday"')
  })

  it('has every row on one of its pages, also of one moment', async () => {
    const keys: number[] = []
    let path: string | undefined = '/audit?to=2026-05-31'
    while (path !== undefined) {
      const { text } = await ask(path)
      keys.push(rowsOf(text).length)
      path = /rel="next" href="([^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(keys).toEqual([100, 35])
  })

  it('reads a bounded number of rows for a page, and goes on where it stopped', async () => {
    await sql(
      here.databaseUrl,
      `INSERT INTO operator_acts (xid, at, name, proof, command)
        SELECT 5000 + n, '2026-04-20Z'::timestamptz + n * interval '1 second', 'Bulk', 'declared', 'x' FROM generate_series(1, 5000) n`,
    )
    const first = (await ask('/audit?person=rare')).text
    expect(rowsOf(first)).toHaveLength(0)
    expect(first).toContain('5.000 rows without finding more')
    const next = /rel="next" href="([^"]*)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(rowsOf((await ask(next)).text)).toHaveLength(1)
  })

  it('is downloaded as a whole, without formulas and numbers of people, and says who took it', async () => {
    const reply = await ask('/audit.csv?to=2026-05-31')
    expect(reply.headers.get('content-type')).toContain('text/csv')
    const lines = reply.text.trim().split('\n')
    expect(lines[0]).toBe('at,person,proof,recorded_by,action,subject,address')
    expect(lines).toHaveLength(1 + 130 + 3 + 2 + 5000)
    expect(reply.text).toContain("'=cmd()")
    expect(reply.text).toContain("'@SUM(1)")
    expect(reply.text).not.toContain('081234567890')
    const page = (await ask('/audit?action=exported')).text
    expect(rowsOf(page)[0]).toMatch(/vina[\s\S]*exported the audit[\s\S]*the audit by to/)
  })

  it('shows markup as text', async () => {
    const page = (await ask(`/audit?person=${encodeURIComponent(`"${EVIL}`)}`)).text
    expect(page).not.toContain('<script>alert')
    expect((await ask('/audit?to=2026-05-31')).text).not.toContain('<script>alert')
  })
})
