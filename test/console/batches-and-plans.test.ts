import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buysFile } from '../support/scenes/batch-scene.ts'
import { openPlanScene } from '../support/scenes/plan-scene.ts'
import { seenIn, startTestConsole, type TestConsole } from '../support/servers/console.ts'

let scene: Awaited<ReturnType<typeof openPlanScene>>
let here: TestConsole
beforeAll(async () => {
  scene = await openPlanScene()
  here = await startTestConsole({ databaseUrl: scene.databaseUrl })
})
afterAll(async () => {
  await here?.stop()
  await scene?.close()
})

const EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)>'

const pageOf = async (path: string, name = 'vina') =>
  (await here.ask('GET', path, { as: await here.as(name) })).text

async function upload(text: string, fileName = 'pay.csv', name = 'mira') {
  const form = new FormData()
  form.set('file', new Blob([text]), fileName)
  return await here.ask('POST', '/batches/upload', { as: await here.as(name), form })
}

async function send(name: string, page: string, action: string, form: Record<string, string>, seen?: string) {
  const as = await here.as(name)
  const version = seen ?? seenIn(await pageOf(page, name), action)
  return await here.ask('POST', action, { as, form: { seen: version, ...form } })
}

describe('a batch', () => {
  it('is uploaded by a maker, approved by another person, run, paused, and downloaded with its results', async () => {
    const sent = await upload(buysFile(3))
    const place = (sent.headers.get('location') ?? '').split('?')[0] ?? ''
    expect(sent.headers.get('location')).toMatch(/^\/batches\/\d+\?done=batch_created$/)
    const page = await pageOf(place, 'candra')
    expect(page).toContain('at least Rp')
    expect(page).toContain('0 of 3 rows have ended')
    const note = { note: 'looked at each row' }
    expect((await send('candra', place, `${place}/approve`, note)).status).toBe(303)
    expect((await send('mira', place, `${place}/run`, note)).status).toBe(303)
    expect((await send('vina', place, `${place}/pause`, note)).status).toBe(403)
    expect((await send('candra', place, `${place}/pause`, note)).status).toBe(303)
    const csv = await here.ask('GET', `${place}/results.csv`, { as: await here.as('vina') })
    expect(csv.text.split('\n')[0]).toMatch(/^row,line,partner,reference,kind,outcome/)
    expect(csv.text.trim().split('\n')).toHaveLength(4)
    expect(csv.text).not.toMatch(/0816\d{8}/)
    expect(await pageOf('/audit')).toMatch(/exported results of a batch[\s\S]*batch \d+/)
  })

  it('is refused to its creator, without a reason, and once it has changed since the page was read', async () => {
    const place = (await upload(buysFile(1), 'pay.csv', 'oka')).headers.get('location')?.split('?')[0] ?? ''
    const own = await send('oka', place, `${place}/approve`, { note: 'mine' })
    expect(own.status).toBe(409)
    expect(own.text).toContain('another person must approve it')
    expect((await send('candra', place, `${place}/approve`, { note: ' ' })).status).toBe(409)
    const old = seenIn(await pageOf(place, 'candra'), `${place}/approve`)
    await send('candra', place, `${place}/approve`, { note: 'fine' })
    const late = await send('candra', place, `${place}/approve`, { note: 'fine' }, old)
    expect(late.status).toBe(409)
    expect(late.text).toMatch(/\(state: checked → approved/)
  })

  it('with bad cells is stored by no row, and says what is wrong in each, without numbers of people', async () => {
    const before = await scene.run<{ count: string }>('SELECT count(*)::text FROM batches')
    const bad = `kind,partner,reference,phone_number,gold_weight\nbuy,acme,${EVIL},081234567890,0.5x\n`
    const reply = await upload(bad, `${EVIL} 081234567890.csv`)
    expect(reply.status).toBe(409)
    expect(reply.text).toContain('gold_weight')
    expect(reply.text).not.toMatch(/<script>|<img|081234567890/)
    expect(await scene.run('SELECT count(*)::text FROM batches')).toEqual(before)
    const nothing = await here.ask('POST', '/batches/upload', {
      as: await here.as('mira'),
      form: new FormData(),
    })
    expect(nothing.status).toBe(409)
  })

  it('shows what its file says as text, and its results are no formulas', async () => {
    const rows = `kind,partner,reference,phone_number,gold_weight\nbuy,acme,=1+1 ${EVIL},081699990001,0.5\n`
    const place = (await upload(rows, `${EVIL}.csv`)).headers.get('location')?.split('?')[0] ?? ''
    expect(place).toMatch(/^\/batches\/\d+$/)
    for (const path of ['/batches', place, '/approvals'])
      expect(await pageOf(path), path).not.toMatch(/<script>|<img/)
    expect(await pageOf(`${place}/results.csv`)).toContain("'=1+1")
  })

  it('of the same rows is the one that is there', async () => {
    const file = buysFile(1)
    await upload(file)
    expect((await upload(file)).text).toMatch(/These rows are batch \d+ already/)
  })
})

describe('a plan', () => {
  it('shows its next five due times in words, and is paused and resumed', async () => {
    const { planId } = await scene.add({}, new Date())
    const place = `/plans/${planId}`
    const page = await pageOf(place, 'candra')
    const next = page.slice(page.indexOf('id="next"'), page.indexOf('id="missed"'))
    expect(next.match(/<li>\w+day, <time/g)).toHaveLength(5)
    expect(next).toMatch(/– in \d+ (min|h|days)/)
    const old = seenIn(page, `${place}/pause`)
    expect((await send('candra', place, `${place}/pause`, { note: 'asked by phone' })).status).toBe(303)
    const late = await send('candra', place, `${place}/pause`, { note: 'again' }, old)
    expect(late.text).toMatch(/\(state: active → paused/)
    expect(await pageOf(place)).toContain('It is paused')
    expect((await send('candra', place, `${place}/resume`, { note: 'goes on' })).status).toBe(403)
    expect((await send('mira', place, `${place}/resume`, { note: 'goes on' })).status).toBe(303)
  })

  it('says what was missed and why', async () => {
    const { planId } = await scene.add({ missed: 'skip' })
    await scene.run(`INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor)
      VALUES (${planId}, now() - interval '1 day', 'missed-1', 'planned', 'due', 'test')`)
    await scene.run(`UPDATE plan_runs SET state = 'skipped', reason = 'missed' WHERE plan_id = ${planId}`)
    const page = await pageOf(`/plans/${planId}`)
    expect(page.slice(page.indexOf('id="missed"'))).toContain('no scheduler ran when it was due')
  })

  it('has a date skipped by whoever makes things safer, made due again by a maker, and says where holidays move it', async () => {
    // The next due time is at least two days away, and of a day that every month has.
    const later = new Date(Date.now() + 5 * 86_400_000)
    const day = Math.min(later.getUTCDate(), 28)
    const schedule = { is: 'monthly', day, weekend: 'after', at: '09:00' } as const
    const { planId, nextDay } = await scene.add({ schedule }, new Date())
    const place = `/plans/${planId}`
    const form = { note: 'asked for by phone', date: nextDay ?? '' }
    expect((await send('vina', place, `${place}/skip`, form, 'x')).status).toBe(403)
    expect((await send('candra', place, `${place}/skip`, { ...form, date: 'soon' })).text).toContain(
      'must be a day',
    )
    expect((await send('candra', place, `${place}/skip`, form)).status).toBe(303)
    expect(await pageOf(place)).toMatch(/skipped<\/strong> candra: asked for by phone/)
    expect((await send('candra', place, `${place}/unskip`, form, 'x')).status).toBe(403)
    expect((await send('mira', place, `${place}/unskip`, form)).status).toBe(303)
    expect(await pageOf(place)).not.toContain('skipped</strong>')
    expect(await pageOf('/plans')).toContain('None are approved')
  })
})
