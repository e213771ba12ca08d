import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  aRecordedOrder,
  lineOf,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../support/factories/recorded-orders.ts'
import { workbookOfCsv } from '../support/factories/workbooks.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { seenIn, startTestConsole, type TestConsole } from '../support/servers/console.ts'
import { sql } from '../support/servers/sessions.ts'

let scene: Scene
let here: TestConsole
beforeAll(async () => {
  scene = await openScene()
  here = await startTestConsole({ databaseUrl: scene.databaseUrl })
})
afterAll(async () => {
  await here?.stop()
  await scene?.close()
})

async function aDoubt(): Promise<string> {
  const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
  await recordOrders(scene.databaseUrl, [doubt])
  return doubt.orderId
}

async function pageOf(path: string, name: string): Promise<string> {
  return (await here.ask('GET', path, { as: await here.as(name) })).text
}

/** Sends a form of a page as a person who has just read it. */
async function send(name: string, page: string, action: string, form: Record<string, string>, seen?: string) {
  const text = seen === undefined ? await pageOf(page, name) : ''
  const as = await here.as(name)
  return await here.ask('POST', action, { as, form: { seen: seen ?? seenIn(text, action), ...form } })
}

const stateOf = async (orderId: string) =>
  (await rowsOf<{ state: string }>(scene.database, `SELECT state FROM orders WHERE id = '${orderId}'`))[0]
    ?.state

describe('a doubt', () => {
  const found = { outcome: 'not_executed', evidence: 'a letter of 10 February', note: 'looked it up' }

  it('is settled by a maker who proposes and a checker who approves', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    expect((await send('mira', page, `${page}/resolve`, found)).headers.get('location')).toBe(
      `${page}?done=proposed`,
    )
    expect(await pageOf('/approvals', 'candra')).toContain(`/orders/${id}#proposal`)
    expect((await send('candra', page, `${page}/approve`, { note: 'seen too' })).status).toBe(303)
    expect(await stateOf(id)).toBe('rejected')
  })

  it('is not settled by one person in both roles', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    await send('oka', page, `${page}/resolve`, found)
    const refused = await send('oka', page, `${page}/approve`, { note: 'seen too' })
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('oka proposed it')
    expect(await stateOf(id)).toBe('in_doubt')
  })

  it('is shown with what its proposer saw, and with what has changed since', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    await send('mira', page, `${page}/resolve`, found)
    const fresh = await pageOf(page, 'candra')
    expect(fresh).toContain('What the proposer saw')
    expect(fresh).toMatch(/Changed since it was proposed<\/dt>\s*<dd>nothing/)
    await sql(
      scene.databaseUrl,
      `INSERT INTO order_events (order_id, at, from_state, to_state, reason, actor, partner, feed_position)
        SELECT id, now(), state, state, reason, 'test', partner, 999999 FROM orders WHERE id = '${id}'`,
    )
    expect(await pageOf(page, 'candra')).toMatch(/! changes: \d+ → \d+/)
  })

  it('is settled once by two checkers at once, and the second is told', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    await send('mira', page, `${page}/resolve`, found)
    const seen = seenIn(await pageOf(page, 'candra'), `${page}/approve`)
    const both = await Promise.all(
      ['candra', 'chaca'].map((name) => send(name, page, `${page}/approve`, { note: 'seen too' }, seen)),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([303, 409])
    const events = await rowsOf(
      scene.database,
      `SELECT 1 FROM order_events WHERE order_id = '${id}' AND to_state = 'rejected'`,
    )
    expect(events).toHaveLength(1)
  })

  it('that changed since the page was read is left alone, and the page says what changed', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    const stale = seenIn(await pageOf(page, 'mira'), `${page}/resolve`)
    await send('mira', page, `${page}/resolve`, found)
    const late = await send('mira', page, `${page}/resolve`, found, stale)
    expect(late.status).toBe(409)
    expect(late.text).toMatch(/It has changed since you looked \(proposal: – → \d+\)/)
  })

  it('is not declined by the form of an earlier proposal', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    await send('mira', page, `${page}/resolve`, found)
    const old = seenIn(await pageOf(page, 'candra'), `${page}/decline`)
    expect((await send('chaca', page, `${page}/decline`, { note: 'no letter' })).status).toBe(303)
    await send('mira', page, `${page}/resolve`, { ...found, evidence: 'the letter itself' })
    const late = await send('candra', page, `${page}/decline`, { note: 'no letter' }, old)
    expect(late.status).toBe(409)
    expect(late.text).toContain('It has changed since you looked')
    const open = await rowsOf(
      scene.database,
      `SELECT 1 FROM proposals WHERE order_id = '${id}' AND state = 'open'`,
    )
    expect(open).toHaveLength(1)
  })

  it('is not proposed without a reason or evidence', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    expect((await send('mira', page, `${page}/resolve`, { ...found, note: ' ' })).status).toBe(409)
    expect((await send('mira', page, `${page}/resolve`, { ...found, evidence: ' ' })).status).toBe(409)
  })
})

describe('breaks', () => {
  it('are written off together: proposed by filter, approved once, a result for each', async () => {
    const orders = [aRecordedOrder(), aRecordedOrder(), aRecordedOrder()]
    await recordOrders(scene.databaseUrl, orders)
    await recordStatement(
      scene.databaseUrl,
      orders.map((order) => lineOf(order, { fee: 4_999 })),
      { complete: false },
    )
    await scene.run()
    const list = '/breaks?type=fee_differs'
    const form = { type: 'fee_differs', note: 'one rupiah each' }
    const proposed = await send('mira', list, '/breaks/propose', form)
    expect(proposed.text.match(/✓ proposed/g)).toHaveLength(3)
    const page = await pageOf('/approvals', 'candra')
    const action = /action="(\/approvals\/groups\/\d+\/approve)"/.exec(page)?.[1] ?? ''
    expect(page).toContain('3 breaks to write off together')
    const approved = await send('candra', '/approvals', action, { note: 'seen too' })
    expect(approved.text.match(/✓ Approved: written off/g)).toHaveLength(3)
    expect(await rowsOf(scene.database, `SELECT 1 FROM breaks WHERE reason = 'written_off'`)).toHaveLength(3)
  })

  it('that are not those of the form any more are not proposed', async () => {
    const reply = await send('mira', '/breaks', '/breaks/propose', { note: 'all' }, '17 9999')
    expect(reply.status).toBe(409)
  })
})

describe('texts of others', () => {
  it('are shown as texts, with numbers of people masked', async () => {
    const id = await aDoubt()
    const page = `/orders/${id}`
    const evil = '<script>alert(1)</script><img src=x onerror=alert(1)>" onfocus="x'
    await send('mira', page, `${page}/resolve`, {
      outcome: 'not_executed',
      evidence: `${evil} 081234567890`,
      note: `${evil} 3174999901010001`,
    })
    for (const path of [page, '/approvals', '/audit']) {
      const text = await pageOf(path, 'candra')
      expect(text, path).not.toMatch(/<script>|<img|onfocus="x/)
      expect(text, path).not.toContain('081234567890')
      expect(text, path).not.toContain('3174999901010001')
    }
    const reflected = await pageOf(`/orders?partner=${encodeURIComponent(evil)}&state=<b>`, 'candra')
    expect(reflected).not.toMatch(/<script>|<img|<b>"/)
  })

  it('are no formulas in a CSV, which has no phone number', async () => {
    const [order] = [aRecordedOrder()]
    await recordOrders(scene.databaseUrl, [order])
    await sql(
      scene.databaseUrl,
      `INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
      VALUES (gen_random_uuid(), 'acme', '=HYPERLINK("x")', 'buy', '081234500001', '{"amount": 100000}', 'h', 'accepted', 'submitted', 'test', now() + interval '1 hour', now())`,
    )
    const csv = await pageOf('/orders.csv', 'vina')
    expect(csv).toContain(`"'=HYPERLINK(""x"")"`)
    expect(csv).not.toMatch(/0812345\d{5}/)
    expect(csv.trim().split('\n').length).toBeGreaterThan(5)
    expect(await pageOf('/audit', 'vina')).toContain('exported orders')
  })

  it('show a phone number only to who asks for it, and the audit has it', async () => {
    const id = await aDoubt()
    expect(await pageOf(`/orders/${id}`, 'mira')).not.toContain('081234500001')
    const shown = await here.ask('POST', `/orders/${id}/phone-number`, { as: await here.as('mira') })
    expect(shown.text).toContain('081234500001')
    expect(await pageOf('/audit', 'vina')).toMatch(new RegExp(`saw a phone number[\\s\\S]*${id}`))
  })
})

describe('a statement', () => {
  it.each([
    ['statement.csv', (csv: string) => csv],
    ['statement.xlsx', (csv: string) => new Uint8Array(workbookOfCsv(csv))],
  ])('is looked at before it is imported: %s', async (name, fileOf) => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const csv = [
      'session_id,response_id,request_id,type,phone_number,gold_weight,amount,fee,executed_at',
      `${order.sessionId},${order.responseId},${order.quoteId},buy,${order.phoneNumber},0.5000,441000,5000,2026-02-09T05:00:00Z`,
    ].join('\n')
    const upload = async (text: string) => {
      const form = new FormData()
      form.set('file', new Blob([fileOf(text)]), name)
      form.set('mapping', 'sandbox')
      form.set('source', 'gateway')
      return await here.ask('POST', '/reconciliation/preview', { as: await here.as('mira'), form })
    }
    const bad = await upload(csv.replace('441000', 'much'))
    expect(bad.text).toContain('1 lines cannot be read')
    const preview = await upload(csv)
    expect(preview.text).toContain(`Preview of ${name}`)
    const uploadId = /name="upload" value="([^"]+)"/.exec(preview.text)?.[1] ?? ''
    const form = { upload: uploadId, mapping: 'sandbox', source: 'gateway' }
    const others = await here.ask('POST', '/reconciliation/import', { as: await here.as('oka'), form })
    expect(others.text).toContain('There is no such file any more')
    const imported = await here.ask('POST', '/reconciliation/import', { as: await here.as('mira'), form })
    expect(imported.text).toContain('Reconciled: what changed')
    const again = await here.ask('POST', '/reconciliation/import', { as: await here.as('mira'), form })
    expect(again.text).toContain('There is no such file any more')
    const run = await here.ask('POST', '/reconciliation/run', { as: await here.as('mira') })
    expect(run.text).toContain('Reconciled: what changed')
  })

  it('whose mapping does not fit, or that has none yet, gets a proposal of one', async () => {
    const as = await here.as('mira')
    const upload = async (mapping: string) => {
      const form = new FormData()
      form.set(
        'file',
        new Blob(['Sesi,Jenis,HP,Gram,Nominal,Tanggal\nS1,Beli,081234500001,0.5,441690,2026-02-25\n']),
        'bank.csv',
      )
      form.set('mapping', mapping)
      return await here.ask('POST', '/reconciliation/preview', { as, form })
    }
    const unfit = await upload('sandbox')
    expect(unfit.text).toContain('the header has no column session_id')
    const place = /href="(\/reconciliation\/proposal\?upload=[^"]+)"/.exec(unfit.text)?.[1] ?? ''
    const proposal = (await here.ask('GET', place, { as })).text
    expect(proposal).toContain('How bank.csv may be read')
    expect(proposal).toMatch(/&quot;amount&quot;: &quot;Nominal&quot;/)
    expect((await upload('')).headers.get('location')).toMatch(/^\/reconciliation\/proposal\?upload=/)
    const others = await here.ask('GET', place, { as: await here.as('oka') })
    expect(others.text).toContain('There is no such file any more')
  })

  it('that is too large is refused', async () => {
    const form = new FormData()
    form.set('file', new Blob(['x'.repeat(1024 * 1024 + 1)]), 'large.csv')
    const reply = await here.ask('POST', '/reconciliation/preview', { as: await here.as('mira'), form })
    expect(reply.status).toBe(413)
  })
})
