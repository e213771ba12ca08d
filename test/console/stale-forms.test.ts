import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { proposeChange } from '../../src/approvals/commands.ts'
import { ROUTES } from '../../src/console/routes.ts'
import { RAISE_LIMITS } from '../../src/partners/change-kinds.ts'
import { proposeDeclaration } from '../../src/reconciliation/declarations.ts'
import type { Subject } from '../../src/reconciliation/proposal-facts.ts'
import {
  aRecordedOrder,
  lineOf,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { recordPartner, uploadBatch } from '../support/scenes/console-scene.ts'
import { addPlanTo } from '../support/scenes/plan-scene.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { pretendRestored, recover } from '../support/scenes/restored-database.ts'
import { close } from '../support/scenes/two-people-switch.ts'
import { seenIn, startTestConsole, type TestConsole } from '../support/servers/console.ts'
import { inSession, sql } from '../support/servers/sessions.ts'

const EVENT = '0190a000-0000-7000-8000-00000000000e'
const MIRA = { by: 'mira', note: 'compared with the letter' }

let scene: Scene
let here: TestConsole
let orderId: string
const run = <Row extends object>(text: string) => sql<Row>(scene.databaseUrl, text)

beforeAll(async () => {
  scene = await openScene()
  const orders = [aRecordedOrder(), aRecordedOrder(), aRecordedOrder()]
  const inDoubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
  orderId = inDoubt.orderId
  await recordOrders(scene.databaseUrl, [...orders, inDoubt])
  const lines = orders.map((order) => lineOf(order, { fee: 4_999 }))
  await recordStatement(scene.databaseUrl, lines, { approved: false })
  await scene.run()
  await recordPartner(scene.databaseUrl)
  here = await startTestConsole({ databaseUrl: scene.databaseUrl })
})
afterAll(async () => {
  await here?.stop()
  await scene?.close()
})

const pageOf = async (path: string, name: string) =>
  (await here.ask('GET', path, { as: await here.as(name) })).text

async function post(name: string, action: string, form: Record<string, string>) {
  return await here.ask('POST', action, { as: await here.as(name), form: { note: 'looked at it', ...form } })
}

/** Changes rows past the triggers: as another command would, whose rules are not what is tried here. */
const force = (text: string) => run(`BEGIN; SET LOCAL session_replication_role = replica; ${text}; COMMIT`)

/** Reads a page, lets something change, then sends the form as the page had it. */
async function sendLate(
  name: string,
  page: string,
  action: string,
  change: () => Promise<unknown>,
  form = {},
) {
  const seen = seenIn(await pageOf(page, name), action)
  expect(seen, action).toMatch(/^[0-9a-f]{16} \{/)
  await change()
  return await post(name, action, { seen, ...form })
}

/** The number of the newest proposal or request. */
async function newest(table: 'proposals' | 'change_requests'): Promise<number> {
  const [row] = await run<{ id: number }>(`SELECT max(id) AS id FROM ${table}`)
  return row?.id ?? 0
}

async function stateOf(table: 'proposals' | 'change_requests' | 'batches' | 'plans', id: number) {
  return (await run<{ state: string }>(`SELECT state FROM ${table} WHERE id = ${id}`))[0]?.state
}

describe('a form whose thing has changed since its page was read is refused with what changed', () => {
  it.each(['decline', 'approve'])('the %s of a request', async (decision) => {
    const limits = { partner: 'acme', limits: { rupiah_per_day: '9000000' } }
    await inSession(scene.databaseUrl, (session) => proposeChange(session, MIRA, RAISE_LIMITS, limits))
    const id = await newest('change_requests')
    const action = `/approvals/requests/${id}/${decision}`
    const lower = Number(`${400_000 + id}`)
    const late = await sendLate('candra', '/approvals', action, () =>
      force(`UPDATE partners SET rupiah_per_day = ${lower} WHERE name = 'acme'`),
    )
    expect(late.status).toBe(409)
    expect(late.text).toMatch(
      new RegExp(`It has changed since you looked \\(rupiahPerDay: \\d+ → ${lower}\\)`),
    )
    expect(await stateOf('change_requests', id)).toBe('open')
    const seen = seenIn(await pageOf('/approvals', 'candra'), `/approvals/requests/${id}/decline`)
    expect((await post('candra', `/approvals/requests/${id}/decline`, { seen })).status).toBe(303)
    expect((await post('candra', action, { seen })).text).toContain('This proposal is no longer what you saw')
  })

  it('the decline and the approval of a group, in one of its breaks', async () => {
    const list = '/breaks?type=fee_differs'
    const form = { type: 'fee_differs' }
    const seenBreaks = seenIn(await pageOf(list, 'mira'), '/breaks/propose')
    expect((await post('mira', '/breaks/propose', { ...form, seen: seenBreaks })).status).toBe(200)
    const page = await pageOf('/approvals', 'candra')
    const [, group = ''] = /action="(\/approvals\/groups\/\d+)\/approve"/.exec(page) ?? []
    for (const decision of ['decline', 'approve']) {
      const late = await sendLate('candra', '/approvals', `${group}/${decision}`, () =>
        force(
          'UPDATE breaks SET rupiah_at_risk = rupiah_at_risk + 7 WHERE id = (SELECT min(id) FROM breaks)',
        ),
      )
      expect(late.status, decision).toBe(409)
      expect(late.text, decision).toMatch(
        /rupiah at risk: \d+ → \d+; break \d+: open proposed \d+ \S+ \S+ → open proposed \d+ /i,
      )
    }
    const open = await run(`SELECT 1 FROM proposals WHERE decision = 'write_off' AND state = 'open'`)
    expect(open).toHaveLength(3)
  })

  it('the decisions about one break and one order', async () => {
    const late = await sendLate('candra', '/breaks/1', '/breaks/1/reject', () =>
      force('UPDATE breaks SET rupiah_at_risk = rupiah_at_risk + 7 WHERE id = 1'),
    )
    expect(late.text).toMatch(/It has changed since you looked \(rupiah at risk: \d+ → \d+\)/)
    const page = `/orders/${orderId}`
    const found = { outcome: 'not_executed', evidence: 'a letter' }
    const seen = seenIn(await pageOf(page, 'mira'), `${page}/resolve`)
    await post('mira', `${page}/resolve`, { ...found, seen })
    expect((await post('mira', `${page}/resolve`, { ...found, seen })).text).toMatch(
      /It has changed since you looked \(proposal: – → \d+\)/,
    )
  })

  const declared: readonly [Subject['is'], () => Parameters<typeof proposeDeclaration>[1], string, RegExp][] =
    [
      [
        'statement',
        () => ({ is: 'statement', statementId: newId }),
        'UPDATE statements SET line_count = line_count + 1',
        /lineCount: \d+ → \d+/,
      ],
      [
        'source',
        () => ({ is: 'source', source: 'gateway' }),
        'UPDATE statements SET line_count = line_count + 1',
        /lines: \d+ → \d+/,
      ],
      ['lag', () => ({ is: 'lag' }), APPROVE_LAG(5), /approvedMinutes: – → 5/],
    ]
  let newId = 0
  it.each(declared)(
    'the decisions about a %s, which show the difference to now',
    async (is, subject, change, words) => {
      newId =
        is === 'statement'
          ? await recordStatement(scene.databaseUrl, [], { source: 'other', approved: false })
          : 0
      if (is === 'statement') await force(`DELETE FROM proposals WHERE statement_id = ${newId}`)
      await inSession(scene.databaseUrl, (session) =>
        proposeDeclaration(session, subject(), MIRA, is === 'lag' ? 3 : null),
      )
      const id = await newest('proposals')
      const action = `/approvals/proposals/${id}`
      const before = await pageOf('/approvals', 'candra')
      expect(before.slice(before.indexOf(`proposal-${id}`) - 2_000)).toMatch(
        /Changed since it was proposed<\/dt>\s*<dd>nothing/,
      )
      const late = await sendLate('candra', '/approvals', `${action}/decline`, () => force(change))
      expect(late.status).toBe(409)
      expect(late.text).toMatch(words)
      expect(late.text).toMatch(/<strong class="calls">! [^<]*→/)
      expect(await stateOf('proposals', id)).toBe('open')
      const seen = seenIn(await pageOf('/approvals', 'candra'), `${action}/decline`)
      expect((await post('candra', `${action}/decline`, { seen })).status).toBe(303)
    },
  )

  it('the commands to a batch, a plan, a partner, an endpoint and a switch', async () => {
    const batch = await uploadBatch(here.url)
    const cancelled = await sendLate('candra', batch, `${batch}/cancel`, async () => {
      const seen = seenIn(await pageOf(batch, 'candra'), `${batch}/approve`)
      expect((await post('candra', `${batch}/approve`, { seen })).status).toBe(303)
    })
    expect(cancelled.text).toMatch(/\(state: checked → approved/)
    const { planId } = await addPlanTo(scene.database)
    const plan = `/plans/${planId}`
    const paused = await sendLate('candra', plan, `${plan}/pause`, () =>
      force(`UPDATE plans SET next_due_at = next_due_at + interval '1 day' WHERE id = ${planId}`),
    )
    expect(paused.text).toMatch(/\(next due time: /)
    const suspended = await sendLate('candra', '/partners/acme', '/partners/acme/suspend', () =>
      force(`UPDATE partners SET rupiah_per_order = 77 WHERE name = 'acme'`),
    )
    expect(suspended.text).toMatch(/\(limits: .*77/)
    const endpoint = '/partners/acme/endpoints/1/pause'
    const late = await sendLate('candra', '/partners/acme', endpoint, () =>
      force(`UPDATE webhook_deliveries SET state = 'pending', ended_at = NULL`),
    )
    expect(late.text).toMatch(/\(deliveries given up: 1 → 0\)/)
    await close(scene.databaseUrl, 'kind:sell')
    const opened = await sendLate(
      'mira',
      '/switches',
      '/switches/open',
      () => force(`UPDATE switch_closings SET reason = 'another'`),
      { scope: 'kind:sell' },
    )
    expect(opened.text).toMatch(/\(reason: .* → another\)/)
  })
})

/** A shorter lag that two people approved. */
function APPROVE_LAG(minutes: number): string {
  return `INSERT INTO proposals (decision, note, facts, proposed_by, state, decided_by, decided_at, decision_note)
    VALUES ('lag_shortened', 'x', '{"lagMinutes": "${minutes}"}', 'ani', 'approved', 'budi', now(), 'x')`
}

/** Forms that carry no record of what their page showed, each with the reason. */
const NOTHING_SEEN: Readonly<Record<string, string>> = {
  '/sign-in': 'nobody is signed in, and nothing was shown',
  '/sign-out': 'ends the own session only',
  '/language': 'changes a cookie of the reader only',
  '/enrol': 'the invitation’s code is the proof, and is good once',
  '/enrol/confirm': 'the invitation’s code is the proof, and is good once',
  '/orders/:id/phone-number': 'shows, and changes nothing',
  '/reconciliation/preview': 'stores nothing but the file itself',
  '/reconciliation/import':
    'names the very file that was previewed; what it replaces is checked by the import',
  '/reconciliation/run': 'compares everything that there is when it runs, and shows what changed',
  '/batches/upload': 'makes a new batch, which another person approves',
  '/partners/:name/wallets/link':
    'the person types the number, which no page has; what it is now is shown at the approval',
  '/partners/:name/wallets/unlink':
    'the person types the number, which no page has; one that is not linked is refused',
  '/switches/close': 'makes it safer, however it stood; a closed one stays closed',
}

describe('every form', () => {
  const posts = ROUTES.filter(({ method }) => method === 'POST')

  it('carries a hash of what its page showed, or there is a reason why it does not', async () => {
    const paths = posts.map(({ path }) => path)
    for (const path of Object.keys(NOTHING_SEEN)) expect(paths).toContain(path)
    await inSession(scene.databaseUrl, (session) => proposeDeclaration(session, { is: 'lag' }, MIRA, 2))
    const proposal = await newest('proposals')
    const limits = { partner: 'acme', limits: { rupiah_per_day: '8000000' } }
    await inSession(scene.databaseUrl, (session) => proposeChange(session, MIRA, RAISE_LIMITS, limits))
    const request = await newest('change_requests')
    await close(scene.databaseUrl, 'everything')
    await pretendRestored(scene.database)
    await recover(scene.databaseUrl)
    const page = await pageOf('/approvals', 'candra')
    const [, group = ''] = /action="\/approvals\/groups\/(\d+)\/approve"/.exec(page) ?? []
    const ids: Readonly<Record<string, string>> = {
      orders: orderId,
      breaks: '1',
      batches: '1',
      plans: '1',
      deliveries: EVENT,
      requests: String(request),
      proposals: String(proposal),
      groups: group,
    }
    for (const { path, roles } of posts.filter(({ path }) => NOTHING_SEEN[path] === undefined)) {
      const room = /(\w+)\/:id/.exec(path)?.[1] ?? ''
      const action = path.replace(':name', 'acme').replace(':id', ids[room] ?? '1')
      const name = { maker: 'mira', checker: 'candra', admin: 'adi', viewer: 'vina' }[roles?.[0] ?? 'viewer']
      const before = await run<{ rows: string }>(WRITTEN)
      for (const seen of ['', 'anything', `${'0'.repeat(16)} {}`, `${'0'.repeat(16)} {"state":"<script>"}`]) {
        const reply = await post(name, action, { seen, scope: 'everything' })
        expect(reply.status, `${action} ${seen}`).toBe(409)
        expect(reply.text, `${action} ${seen}`).toMatch(
          /does not say what you saw|has changed since you looked/,
        )
        expect(reply.text, action).not.toContain('<script>')
      }
      expect(await run(WRITTEN), action).toEqual(before)
    }
  })
})

const WRITTEN = `SELECT (SELECT count(*) FROM order_events) + (SELECT count(*) FROM break_events)
  + (SELECT count(*) FROM proposals) + (SELECT count(*) FROM proposals WHERE state <> 'open')
  + (SELECT count(*) FROM change_requests) + (SELECT count(*) FROM change_requests WHERE state <> 'open')
  + (SELECT count(*) FROM batch_events) + (SELECT count(*) FROM plan_events) AS rows`
