import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { GatewaySettings } from '../../src/config.ts'
import { CLOCKS } from '../../src/core/clocks.ts'
import { createGatewayClient, type GatewayCall } from '../../src/gateway/client.ts'
import { bodyOf, ENDPOINTS, type Operation } from '../../src/gateway/endpoints.ts'
import { silentLog } from '../support/deps.ts'
import { gatewaySettings } from '../support/factories/gateway-settings.ts'
import { COMMAND_NAMES, COMMANDS, executedData, quoteFor } from '../support/servers/commands.ts'
import { envelope, type ReceivedRequest, replyWith, startServer } from '../support/servers/http-server.ts'

const toStop: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const stop of toStop.splice(0)) await stop()
})

async function open(
  answer: Parameters<typeof startServer>[0],
  overrides: Partial<GatewaySettings> = {},
  monotonicMs: () => number = CLOCKS.monotonicMs,
) {
  const server = await startServer(answer)
  const errors: object[] = []
  const log = { ...silentLog, error: (fields: object) => errors.push(fields) }
  const client = createGatewayClient(gatewaySettings(server.url, overrides), { ...CLOCKS, monotonicMs, log })
  toStop.push(
    () => client.close(),
    () => server.stop(),
  )
  return { server, client, errors }
}

const success: Parameters<typeof startServer>[0] = ({ path }, response) => {
  const data = executedData(COMMANDS.buyGrams)
  // Only a confirm's reply has a session_id.
  replyWith(response, 200, envelope(path.includes('/checkout/') ? { ...data, session_id: undefined } : data))
}

describe('a call', () => {
  it('that nobody can measure is answered as it was', async () => {
    const server = await startServer(success)
    const onCall = () => {
      throw new Error('no such label')
    }
    const client = createGatewayClient(gatewaySettings(server.url), { ...CLOCKS, log: silentLog, onCall })
    toStop.push(
      () => client.close(),
      () => server.stop(),
    )
    expect(await client.confirm(COMMANDS.buyGrams, quoteFor(COMMANDS.buyGrams))).toMatchObject({
      is: 'succeeded',
    })
  })

  it('is told with its operation, what came of it and how long it took, and nothing of its order', async () => {
    const server = await startServer((request, response) =>
      request.path.includes('checkout')
        ? replyWith(response, 200, envelope(undefined, 'User not found', false))
        : response.socket?.destroy(),
    )
    const calls: GatewayCall[] = []
    const onCall = (call: GatewayCall) => void calls.push(call)
    const client = createGatewayClient(gatewaySettings(server.url), { ...CLOCKS, log: silentLog, onCall })
    toStop.push(
      () => client.close(),
      () => server.stop(),
    )
    await client.checkout(COMMANDS.buyGrams)
    await client.confirm(COMMANDS.buyGrams, quoteFor(COMMANDS.buyGrams))
    await client.chart('sell', '081234500001')
    expect(calls.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['checkoutGram', 'refused'],
      ['purchaseGram', 'in_doubt'],
      ['chartSell', 'trouble'],
    ])
    for (const call of calls) expect(Object.keys(call)).toEqual(['operation', 'outcome', 'seconds'])
  })
})

describe('a request', () => {
  it('of every operation has the fields of its row and no others', () => {
    const fields = Object.fromEntries(
      Object.values(ENDPOINTS).flatMap(({ body }) => body.map((field) => [field, field])),
    )
    for (const operation of Object.keys(ENDPOINTS) as Operation[])
      expect(Object.keys(bodyOf(operation, fields))).toEqual([...ENDPOINTS[operation].body])
  })

  it.each(COMMAND_NAMES)(
    'of a %s carries no undefined field, at its checkout and its confirm',
    async (name) => {
      const { client, server } = await open(success)
      await client.checkout(COMMANDS[name])
      await client.confirm(COMMANDS[name], quoteFor(COMMANDS[name]))
      const [checkout, confirm] = server.requests.map(({ body }) => JSON.parse(body))
      expect(checkout).not.toHaveProperty('request_id')
      expect(confirm).toMatchObject({
        request_id: quoteFor(COMMANDS[name]).quoteId,
        phone_number: COMMANDS[name].phoneNumber,
      })
      if (name !== 'buyRupiah') expect(typeof confirm.gold_weight).toBe('number')
    },
  )

  it('of a confirm has a connection of its own, whatever was used before', async () => {
    const { client, server } = await open(success)
    const command = COMMANDS.buyGrams
    await client.checkout(command)
    await client.confirm(command, quoteFor(command))
    await client.checkout(command)
    await client.confirm(command, quoteFor(command))
    const ports = server.requests.map(({ fromPort }) => fromPort)
    expect(ports[0]).toBe(ports[2])
    expect(new Set(ports).size).toBe(3)
  })

  it('of a sell goes where GATEWAY_SELL_PATH says', async () => {
    const { client, server } = await open(success, { sellPath: '/sell/gram' })
    await client.checkout(COMMANDS.sell)
    await client.confirm(COMMANDS.sell, quoteFor(COMMANDS.sell))
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/v2/gold-pro/checkout/sell',
      '/v2/gold-pro/sell/gram',
    ])
  })
})

describe('a signed request', () => {
  it('carries an HMAC-SHA256 over its target and date that the gateway can recompute', async () => {
    const signing = { keyId: 'key-1', secret: 'hush', origin: 'partner.example' }
    const { client, server } = await open(success, { signing })
    await client.confirm(COMMANDS.buyGrams, quoteFor(COMMANDS.buyGrams))
    const { headers, path } = server.requests[0] as ReceivedRequest
    const signed = `(request-target): post ${path}\ndate: ${headers.date}`
    const signature = createHmac('sha256', 'hush').update(signed).digest('base64')
    expect(headers['kaspro-signature']).toBe(
      `keyId="key-1",algorithm="hmac-sha256",headers="(request-target) date",signature="${signature}"`,
    )
    expect(headers).toMatchObject({ 'partner-key': 'key-1', origin: 'partner.example' })
  })
})

describe('an OAuth token', () => {
  const oauth = { clientId: 'id', clientSecret: 'se:cret', tokenPath: '/oauth/token' }
  const isToken = ({ path }: ReceivedRequest) => path === '/oauth/token'
  const tokenReply = (token: string, expiresIn = 300) =>
    JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: expiresIn })

  it('is fetched once for calls at once, and kept until shortly before it expires', async () => {
    let nowMs = performance.now()
    let issued = 0
    const { client, server } = await open(
      (request, response) => {
        if (!isToken(request)) return success(request, response)
        issued += 1
        replyWith(response, 200, tokenReply(`token-${issued}`))
      },
      { oauth },
      () => nowMs,
    )
    await Promise.all(Array.from({ length: 10 }, () => client.checkout(COMMANDS.buyGrams)))
    expect(issued).toBe(1)
    nowMs += 239_000
    await client.checkout(COMMANDS.buyGrams)
    expect(issued).toBe(1)
    nowMs += 2_000
    await client.checkout(COMMANDS.buyGrams)
    expect(issued).toBe(2)
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer token-2')
    const { headers, body } = server.requests.find(isToken) as ReceivedRequest
    expect(body).toBe('grant_type=client_credentials')
    expect(headers.authorization).toBe(`Basic ${Buffer.from('id:se%3Acret').toString('base64')}`)
  })

  it.each([
    ['is refused', 401, 'no'],
    ['is not in the reply', 200, '{}'],
    ['server answers with an error', 503, tokenReply('t')],
  ])('that %s leaves the confirm unsent and the checkout to be tried again', async (_what, status, text) => {
    const { client, server } = await open((_request, response) => replyWith(response, status, text), {
      oauth,
    })
    expect(await client.confirm(COMMANDS.buyGrams, quoteFor(COMMANDS.buyGrams))).toMatchObject({
      is: 'not_sent',
    })
    expect(await client.checkout(COMMANDS.buyGrams)).toMatchObject({ is: 'trouble' })
    // A failure is not remembered.
    expect(server.requests.map(({ path }) => path)).toEqual(['/oauth/token', '/oauth/token'])
  })

  it('that the gateway no longer takes is renewed for a checkout, but a confirm is never repeated', async () => {
    let issued = 0
    const { client, server } = await open(
      (request, response) => {
        if (isToken(request)) {
          issued += 1
          return replyWith(response, 200, tokenReply(`token-${issued}`))
        }
        if (request.headers.authorization === 'Bearer token-2') return success(request, response)
        replyWith(response, 401, '')
      },
      { oauth },
    )
    expect(await client.confirm(COMMANDS.buyGrams, quoteFor(COMMANDS.buyGrams))).toMatchObject({
      is: 'in_doubt',
      doubt: 'gateway_unauthorised',
    })
    expect(server.requests.filter((request) => !isToken(request))).toHaveLength(1)
    expect(await client.confirm(COMMANDS.buyGrams, quoteFor(COMMANDS.buyGrams))).toMatchObject({
      is: 'succeeded',
    })
    issued = 0
    const second = await open(
      (request, response) => {
        if (isToken(request)) {
          issued += 1
          return replyWith(response, 200, tokenReply(`token-${issued}`))
        }
        if (request.headers.authorization === 'Bearer token-2') return success(request, response)
        replyWith(response, 401, '')
      },
      { oauth },
    )
    expect(await second.client.checkout(COMMANDS.buyGrams)).toMatchObject({ is: 'quoted' })
    expect(second.errors).toEqual([])
  })
})

describe('refused credentials', () => {
  it('are told loudly, without any secret', async () => {
    const { client, errors } = await open((_request, response) => replyWith(response, 403, ''), {
      signing: { keyId: 'key-1', secret: 'hush', origin: 'o' },
    })
    await client.confirm(COMMANDS.buyGrams, quoteFor(COMMANDS.buyGrams))
    expect(errors).toEqual([{ operation: 'purchaseGram' }])
  })
})

describe('what is kept of a reply', () => {
  it('is bounded, storable, and shows no KTP number and no phone number in its message', async () => {
    const text = envelope(
      { ktp: '3174999901010001', padding: 'x'.repeat(10_000) },
      'Wallet 081234500001 \u0000 broken',
      false,
    )
    const { client } = await open((_request, response) => replyWith(response, 400, text))
    const { reply } = await client.confirm(COMMANDS.withdraw, quoteFor(COMMANDS.withdraw))
    expect(reply.message).toBe('Wallet 08xxxxxxx001 ? broken')
    expect(reply.body?.length).toBeLessThanOrEqual(4_200)
    expect(reply.body).not.toContain('3174999901010001')
  })
})
