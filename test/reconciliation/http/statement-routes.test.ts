import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemsOf } from '../../../src/http/route.ts'
import { disableOperator } from '../../../src/operators/admin/commands.ts'
import { OPERATOR_ROUTES } from '../../../src/processes/routes.ts'
import { operatorBy, type ProvenPerson, personWith } from '../../support/factories/operators.ts'
import { aRecordedOrder, lineOf, recordOrders, rowsOf } from '../../support/factories/recorded-orders.ts'
import { csvLine, csvOf, HEADER } from '../../support/factories/statement-files.ts'
import { workbookOfCsv } from '../../support/factories/workbooks.ts'
import {
  addOperators,
  csvOfStatement,
  type OperatorTokens,
  sendStatement,
} from '../../support/scenes/operators-web.ts'
import { inSession } from '../../support/servers/sessions.ts'
import { startTestWeb, type TestWeb } from '../../support/servers/web.ts'

let web: TestWeb
let tokens: OperatorTokens
let key: string
let adi: ProvenPerson
beforeAll(async () => {
  web = await startTestWeb({ uploadLimitBytes: 64 * 1024 })
  key = (await web.partner()).key
  tokens = await addOperators(web.databaseUrl)
  adi = personWith('adi', tokens.admin)
})
afterAll(async () => {
  await web?.stop()
})

const send = (body: string, query?: string, token: string | null = tokens.maker) =>
  sendStatement(web, token, body, query)
const statements = () => rowsOf<{ count: number }>(web.database, 'SELECT count(*)::int FROM statements')

describe('POST /v1/statements', () => {
  it('imports a file in the operator’s name, reconciles, and says what changed', async () => {
    const order = aRecordedOrder()
    await recordOrders(web.databaseUrl, [order])
    const { status, json } = await send(
      csvOf([lineOf(order)]),
      '?period=2026-02-09&complete=true&file_name=day.csv',
    )
    expect(status).toBe(201)
    expect(json).toMatchObject({
      ...{ lines: 1, repeated: 0, replaced: [], to_approve: true, reconciliation: 'done' },
      period: { from: '2026-02-08T17:00:00.000Z', to: '2026-02-09T17:00:00.000Z' },
      run: { matched: { session_id: 1 }, unmatched_lines: 0, open_breaks: 0 },
    })
    const [stored] = await rowsOf(
      web.database,
      `SELECT s.imported_by, s.file_name, r.actor FROM statements s, recon_runs r WHERE s.id = ${json.statement_id} ORDER BY r.id DESC LIMIT 1`,
    )
    expect(stored).toEqual({ imported_by: 'ani', file_name: 'day.csv', actor: 'person:ani' })
  })

  it('takes a workbook, whatever its media type says', async () => {
    const file = workbookOfCsv(csvOf([lineOf(aRecordedOrder())]))
    const response = await fetch(`${web.web.url}/v1/statements?source=workbooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.maker}`, 'content-type': 'text/csv; charset=utf-8' },
      body: new Uint8Array(file),
    })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ lines: 1, run: { unmatched_lines: expect.any(Number) } })
  })

  it('stores nothing for a dry run, and does not reconcile when it is not asked to', async () => {
    const [before] = await statements()
    const dry = await send(csvOfStatement(50), '?source=dry&dry_run=true')
    expect([dry.status, dry.json.statement_id, dry.json.reconciliation]).toEqual([200, null, 'not_asked'])
    expect((await statements())[0]).toEqual(before)
    const only = await send(csvOfStatement(51), '?source=dry&import_only=true')
    expect([only.status, only.json.reconciliation, only.json.run]).toEqual([201, 'not_asked', null])
  })

  it.each<[who: string, token: () => string | null, code: string]>([
    ['nobody', () => null, 'unauthorised'],
    ['a partner', () => key, 'unauthorised'],
    ['a token that is none', () => `gpo_a1b2c3d4e5f6_${'x'.repeat(43)}`, 'unauthorised'],
    ['a viewer', () => tokens.viewer, 'role_missing'],
    ['a checker', () => tokens.checker, 'role_missing'],
    ['an admin', () => tokens.admin, 'role_missing'],
  ])('refuses %s, and stores nothing', async (_who, token, code) => {
    const [before] = await statements()
    const reply = await send(csvOfStatement(60), '?source=refused', token())
    expect(reply.json.code).toBe(code)
    expect((await statements())[0]).toEqual(before)
  })

  it('refuses who may not import before the file is looked at', async () => {
    expect((await send('no statement', '?source=refused', tokens.viewer)).json.code).toBe('role_missing')
  })

  it('is no way for an operator’s token to the routes of partners', async () => {
    expect((await web.ask('GET', '/v1/orders', { key: tokens.maker })).json.code).toBe('unauthorised')
  })

  it('refuses an operator who was disabled', async () => {
    const gone = await operatorBy(web.databaseUrl, adi, 'gita', ['maker'])
    expect((await send(csvOfStatement(61), '?source=gone&dry_run=true', gone.token)).status).toBe(200)
    await inSession(web.databaseUrl, (session) => disableOperator(session, adi, 'gita'))
    expect((await send(csvOfStatement(61), '?source=gone', gone.token)).json.code).toBe('unauthorised')
  })

  it('refuses a file with bad lines, names them, and shows no number of a person', async () => {
    const bad = `${HEADER}\n${csvLine(70, { amount: 'much', phone_number: '081234567890' })}\n`
    const { status, json, text } = await send(bad, '?source=bad')
    expect([status, json.code]).toEqual([422, 'statement_refused'])
    expect(json.problems).toMatchObject([{ line: 2, column: 'amount' }])
    expect(text).not.toContain('081234567890')
  })

  it('refuses the same file twice', async () => {
    expect((await send(csvOfStatement(80), '?source=twice')).status).toBe(201)
    expect((await send(csvOfStatement(80), '?source=twice')).json.code).toBe('statement_known')
  })

  it.each<[what: string, ask: () => ReturnType<typeof send>, code: string]>([
    ['a file that is too large', () => send('x'.repeat(65 * 1024)), 'payload_too_large'],
    ['a file that is no statement', () => send('PK'), 'statement_refused'],
    ['a mapping that nobody knows', () => send(csvOfStatement(90), '?mapping=none'), 'statement_refused'],
    [
      'a complete statement of no period',
      () => send(csvOfStatement(90), '?complete=true'),
      'statement_refused',
    ],
    ['a period that is none', () => send(csvOfStatement(90), '?period=yesterday'), 'invalid_request'],
    ['a flag that is none', () => send(csvOfStatement(90), '?complete=yes'), 'invalid_request'],
    ['a field that is not known', () => send(csvOfStatement(90), '?partner=acme'), 'invalid_request'],
    [
      'another media type',
      () => sendStatement(web, tokens.maker, '{}', '', { 'content-type': 'application/json' }),
      'unsupported_media_type',
    ],
    [
      'the media type of another route',
      () => sendStatement(web, tokens.maker, '{}', '', { 'content-type': 'application/x-ndjson' }),
      'unsupported_media_type',
    ],
  ])('refuses %s', async (_what, ask, code) => {
    expect((await ask()).json.code).toBe(code)
  })

  it('declares every problem that is tried here', () => {
    const [row] = OPERATOR_ROUTES
    const own = ['unauthorised', 'role_missing', 'statement_refused', 'statement_known', 'payload_too_large']
    expect(row === undefined ? [] : problemsOf(row)).toEqual(expect.arrayContaining(own))
  })
})
