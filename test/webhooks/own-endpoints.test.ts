import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approveChange } from '../../src/approvals/commands.ts'
import type { Session } from '../../src/postgres/session.ts'
import { CHANGE_KINDS } from '../../src/processes/change-kinds.ts'
import { actAsHolder } from '../../src/webhooks/own-endpoints.ts'
import { ownEndpoint } from '../support/scenes/own-endpoint.ts'
import { startServer, type TestServer } from '../support/servers/http-server.ts'
import { inSession } from '../support/servers/sessions.ts'
import { aBuy, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let here: TestWeb
let receiver: TestServer
beforeAll(async () => {
  receiver = await startServer((_request, response) => response.writeHead(204).end())
  here = await startTestWeb({ webhookAllowLoopback: true })
})
afterAll(async () => {
  await here?.stop()
  await receiver?.stop()
})

const ENDPOINTS = '/v1/webhook-endpoints'
const approve = (requestId: number) =>
  inSession(here.databaseUrl, (session: Session) =>
    approveChange(session, { by: 'budi', note: 'called them' }, requestId, {
      kinds: CHANGE_KINDS,
      onePersonTeam: false,
    }),
  )
const listed = async (key: string) => (await here.ask('GET', ENDPOINTS, { key })).json

describe('an endpoint that a partner asks for', () => {
  it('is there once an operator has approved it, and its secret is shown once', async () => {
    const { key } = await here.partner()
    const url = `${receiver.url}/hook?token=t`
    const asked = await here.ask('POST', ENDPOINTS, { key, body: { url } })
    expect(asked).toMatchObject({ status: 202, json: { url, endpoint_id: null } })
    expect(await listed(key)).toMatchObject({
      endpoints: [],
      requested: [{ request: asked.json.request, url }],
    })
    expect(await approve(Number(asked.json.request))).toEqual({ is: 'done', alone: false })

    const { endpoints, requested } = await listed(key)
    expect(requested).toEqual([])
    const [{ id } = { id: 0 }] = endpoints as { id: number }[]
    const { json } = await here.ask('POST', `${ENDPOINTS}/${id}/secret`, { key, body: { overlap_hours: 0 } })
    expect(json).toMatchObject({ id, secret: expect.stringMatching(/^whsec_/), previous_until: null })
    expect(JSON.stringify(await listed(key))).not.toContain('whsec_')
    const tested = await here.ask('POST', `${ENDPOINTS}/${id}/test`, { key })
    expect(tested.json).toMatchObject({ delivered: true, http_status: 204 })
  })

  it('stays where it sends until another URL is approved', async () => {
    const { key, name } = await here.partner()
    const id = await ownEndpoint(here, name)
    const body = { url: 'https://new.example/hook', kinds: ['order.in_doubt'] }
    const asked = await here.ask('PATCH', `${ENDPOINTS}/${id}`, { key, body })
    expect(asked.status).toBe(202)
    expect(await listed(key)).toMatchObject({ endpoints: [{ id, url: 'https://acme.example/goldpro' }] })
    await approve(Number(asked.json.request))
    expect(await listed(key)).toMatchObject({ endpoints: [{ id, ...body }], requested: [] })
  })

  it.each([
    ['http://shop.example/hook', 'url'],
    ['https://10.0.0.1/hook', 'url'],
    ['https://169.254.169.254/', 'url'],
    ['https://[::ffff:10.0.0.1]/', 'url'],
    ['https://ani:secret@shop.example/', 'url'],
  ])('is refused at %s', async (url, field) => {
    const { key } = await here.partner()
    const refused = await here.ask('POST', ENDPOINTS, { key, body: { url } })
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ field }] } })
    expect(await listed(key)).toEqual({ endpoints: [], requested: [] })
  })

  it('is not on this machine unless that is allowed', async () => {
    const strict = await startTestWeb()
    const { key } = await strict.partner()
    const refused = await strict.ask('POST', ENDPOINTS, { key, body: { url: 'http://127.0.0.1:9/' } })
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ field: 'url' }] } })
    await strict.stop()
  })

  it('is one of ten at most', async () => {
    const { key } = await here.partner()
    const ask = (n: number) =>
      here.ask('POST', ENDPOINTS, { key, body: { url: `https://shop.example/${n}` } })
    for (let n = 0; n < 10; n += 1) expect((await ask(n)).status).toBe(202)
    expect(await ask(10)).toMatchObject({ status: 409, json: { code: 'endpoint_state' } })
  })
})

describe('an endpoint of a partner', () => {
  it('is no other partner’s to see, change, test or send to', async () => {
    const { name } = await here.partner()
    const { key } = await here.partner()
    const id = await ownEndpoint(here, name)
    for (const [method, path, body] of [
      ['PATCH', '', { state: 'paused' }],
      ['DELETE', '', undefined],
      ['POST', '/secret', {}],
      ['POST', '/test', undefined],
    ] as const)
      expect((await here.ask(method, `${ENDPOINTS}/${id}${path}`, { key, body })).status).toBe(404)
    expect(
      (await here.ask('GET', `/v1/webhook-deliveries?endpoint_id=${id}`, { key })).json.deliveries,
    ).toEqual([])
  })

  it('is paused, resumed and removed at once', async () => {
    const { key, name } = await here.partner()
    const id = await ownEndpoint(here, name)
    const change = (state: string) => here.ask('PATCH', `${ENDPOINTS}/${id}`, { key, body: { state } })
    expect((await change('paused')).json).toMatchObject({ state: 'paused', paused_because: 'person' })
    expect((await change('active')).json).toMatchObject({ state: 'active', paused_because: null })
    expect((await here.ask('PATCH', `${ENDPOINTS}/${id}`, { key, body: {} })).status).toBe(400)
    expect((await here.ask('DELETE', `${ENDPOINTS}/${id}`, { key })).json).toEqual({ id, given_up: 0 })
    expect(await listed(key)).toEqual({ endpoints: [], requested: [] })
  })

  it('lists its deliveries page by page, and has them sent again', async () => {
    const { key, name } = await here.partner()
    const id = await ownEndpoint(here, name)
    for (const reference of ['one', 'two', 'three']) {
      const { json } = await here.ask('POST', '/v1/orders', { key, body: aBuy({ reference }) })
      await here.ask('POST', `/v1/orders/${json.id}/cancel`, { key })
    }
    const list = async (query: string) => {
      const { json } = await here.ask('GET', `/v1/webhook-deliveries?endpoint_id=${id}&${query}`, { key })
      return json as { deliveries: { id: string; reference: string }[]; next: string | null }
    }
    expect((await list('')).deliveries).toEqual([])
    const first = await list('state=pending&limit=2')
    expect(first.deliveries.map((each) => each.reference)).toEqual(['three', 'two'])
    const second = await list(`state=pending&limit=2&cursor=${first.next}`)
    expect([second.deliveries.map((each) => each.reference), second.next]).toEqual([['one'], null])
    await here.database.run(
      unnamed(
        `UPDATE webhook_deliveries SET state = 'given_up', ended_at = clock_timestamp() WHERE endpoint_id = $1`,
      ),
      [id],
    )
    const [given] = (await list('state=given_up')).deliveries
    const again = () => here.ask('POST', `/v1/webhook-deliveries/${given?.id}/redeliver`, { key })
    expect(await again()).toMatchObject({ status: 202, json: { id: given?.id, deliveries: 1 } })
    expect(await again()).toMatchObject({ status: 202, json: { deliveries: 0 } })
    expect((await list('state=pending')).deliveries).toMatchObject([{ id: given?.id }])
    const other = await here.partner()
    const path = `/v1/webhook-deliveries/${given?.id}/redeliver`
    expect((await here.ask('POST', path, { key: other.key })).status).toBe(404)
  })
})

describe('where people are proven', () => {
  const trying = async (
    holder: { partner: string; holder: string } | null,
    text: string,
    values: unknown[],
  ) => {
    try {
      await here.database.transaction(async (runner) => {
        await runner.run(unnamed(`SET LOCAL session_replication_role = 'replica'`), [])
        await runner.run(unnamed(`UPDATE installation SET identity = 'proven'`), [])
        await runner.run(unnamed(`SET LOCAL session_replication_role = 'origin'`), [])
        if (holder !== null) await actAsHolder(runner, holder)
        await runner.run(unnamed(text), values)
        throw new Error('allowed')
      })
    } catch (error) {
      return (error as { constraint?: string }).constraint ?? (error as Error).message
    }
    return null
  }

  it('a holder changes its own partner’s endpoint, and neither another’s nor where its events go', async () => {
    const id = await ownEndpoint(here, 'acme')
    const own = { partner: 'acme', holder: 'ops' }
    const secret = `UPDATE webhook_endpoints SET secret = 'whsec_new' WHERE id = $1`
    expect(await trying(own, secret, [id])).toBe('allowed')
    for (const holder of [null, { partner: 'acm', holder: 'e/x' }, { partner: 'other', holder: 'ops' }])
      expect(await trying(holder, secret, [id])).toBe('operator_proven')
    const url = `UPDATE webhook_endpoints SET url = 'https://evil.example' WHERE id = $1`
    expect(await trying(own, url, [id])).toBe('webhook_endpoint_approved')
  })

  it('a holder asks in the name of its own partner only, and approves nothing', async () => {
    const ask = `INSERT INTO change_requests (kind, subject, payload, seen, note, proposed_by, state)
      VALUES ($1, 'x', jsonb_build_object('partner', $2::text), '{}', 'test', $3, 'open')`
    const own = { partner: 'acme', holder: 'ops' }
    expect(await trying(own, ask, ['change_endpoint', 'acme', 'acme/ops'])).toBe('allowed')
    expect(await trying(own, ask, ['change_endpoint', 'other', 'other/ops'])).toBe('operator_proven')
    expect(await trying(own, ask, ['change_endpoint', 'acme', 'ani'])).toBe('operator_proven')
    expect(await trying(own, ask, ['raise_limits', 'acme', 'acme/ops'])).toBe('operator_proven')
    expect(await trying(null, ask, ['change_endpoint', 'acme', 'acme/ops'])).toBe('operator_proven')
    const decide = `WITH r AS (SELECT max(id) AS id FROM change_requests WHERE state = 'open')
      UPDATE change_requests c SET state = 'approved', decided_by = 'acme/ops', decision_note = 'x' FROM r WHERE c.id = r.id`
    expect(await trying(own, decide, [])).toBe('operator_proven')
  })
})
