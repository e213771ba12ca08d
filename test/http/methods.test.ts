import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'

let here: TestWeb
let key: string

beforeAll(async () => {
  here = await startTestWeb()
  key = (await here.partner()).key
})

afterAll(async () => {
  await here?.stop()
})

describe('HEAD', () => {
  it.each(['/', '/healthz', '/readyz', '/openapi.json', '/docs', '/v1/orders', '/v1/plans', '/v1/batches'])(
    'of %s is answered as GET is, without a body',
    async (path) => {
      const [got, headed] = [await here.ask('GET', path, { key }), await here.ask('HEAD', path, { key })]
      expect(headed.status).toBe(got.status)
      expect(headed.text).toBe('')
      for (const header of ['content-type', 'content-length', 'location', 'content-security-policy'])
        expect(headed.headers.get(header)).toBe(got.headers.get(header))
    },
  )

  it('asks for the key that GET asks for', async () => {
    expect((await here.ask('HEAD', '/v1/orders')).status).toBe(401)
    const unknown = '/v1/orders/019c4f2a-7b1e-7c3d-9a4b-5e6f70818293'
    expect((await here.ask('HEAD', unknown, { key })).status).toBe(404)
  })
})

describe('a method that a path does not take', () => {
  it.each([
    ['PUT', '/v1/orders', 'GET, HEAD, POST'],
    ['DELETE', '/v1/orders?limit=1', 'GET, HEAD, POST'],
    ['OPTIONS', '/v1/orders', 'GET, HEAD, POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['HEAD', '/v1/orders/019c4f2a-7b1e-7c3d-9a4b-5e6f70818293/cancel', 'POST'],
    ['GET', '/v1/orders/019c4f2a-7b1e-7c3d-9a4b-5e6f70818293/cancel', 'POST'],
    ['PATCH', '/', 'GET, HEAD'],
  ])('%s %s is answered with 405 and what it takes', async (method, path, allow) => {
    const reply = await here.ask(method, path, { key })
    expect(reply.status).toBe(405)
    expect(reply.headers.get('allow')).toBe(allow)
    expect(reply.headers.get('content-type')).toContain('application/problem+json')
    if (method !== 'HEAD') expect(reply.json).toMatchObject({ code: 'method_not_allowed', status: 405 })
  })

  it.each(['/v1', '/v1/orders/', '/openapi_json', '/healthz/x'])('%s is no path at all', async (path) => {
    const reply = await here.ask('POST', path, { key, body: 'x', headers: { 'content-type': 'text/x' } })
    expect(reply.status).toBe(404)
    expect(reply.json).toMatchObject({
      code: 'not_found',
      detail: 'there is no such route: /docs lists them',
    })
  })
})

it('the root leads to the description', async () => {
  const reply = await here.ask('GET', '/')
  expect([reply.status, reply.headers.get('location')]).toEqual([302, '/docs'])
})
