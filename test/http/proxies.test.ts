import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigurationError, parseSettings } from '../../src/config.ts'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'

let direct: TestWeb
let behind: TestWeb
let behindTwo: TestWeb
beforeAll(async () => {
  direct = await startTestWeb()
  behind = await startTestWeb({ trustedProxies: ['127.0.0.1'] })
  behindTwo = await startTestWeb({ trustedProxies: ['127.0.0.0/8', '10.1.0.0/16', '2001:db8:1::/48'] })
})
afterAll(async () => {
  await direct?.stop()
  await behind?.stop()
  await behindTwo?.stop()
})

/** What a partner with this list gets when the proxy before the server says so. */
async function answerTo(web: TestWeb, addresses: readonly string[], forwarded: string | null) {
  const { key } = await web.partner({ limits: { addresses } })
  const headers: Record<string, string> = forwarded === null ? {} : { 'x-forwarded-for': forwarded }
  const { status, json } = await web.ask('GET', '/v1/orders', { key, headers })
  return status === 200 ? 'let in' : json.code
}

const LISTED = ['192.0.2.0/24', '2001:db8:7::/48']

describe('the list of a partner’s addresses', () => {
  it.each([
    ['the connection’s own address', ['127.0.0.1'], null, 'let in'],
    ['another than the connection’s', LISTED, null, 'address_refused'],
    ['one that the caller claims', LISTED, '192.0.2.7', 'address_refused'],
    ['one that it claims beside its own', ['127.0.0.1'], '192.0.2.7', 'let in'],
  ])('without a trusted proxy, with %s', async (_what, addresses, forwarded, expected) => {
    expect(await answerTo(direct, addresses, forwarded)).toBe(expected)
  })

  it.each([
    ['an address that is listed', '192.0.2.7', 'let in'],
    ['one that is not', '203.0.113.9', 'address_refused'],
    ['a claim before the one that the proxy adds', '192.0.2.7, 203.0.113.9', 'address_refused'],
    ['a claim that the proxy’s addition makes true', '203.0.113.9, 192.0.2.7', 'let in'],
    ['an IPv6 address that is listed', '2001:db8:7::1', 'let in'],
    ['the same in full', '2001:0DB8:0007:0000:0000:0000:0000:0001', 'let in'],
    ['an IPv6 address that is not', '2001:db8:8::1', 'address_refused'],
    ['an IPv4 address in IPv6', '::ffff:192.0.2.7', 'let in'],
    ['the same in hex', '::ffff:c000:207', 'let in'],
    ['an address with a port', '192.0.2.7:443', 'address_refused'],
    ['no address', 'unknown', 'address_refused'],
    ['nothing', '', 'address_refused'],
    ['a link-local address with its zone', 'fe80::1%eth0', 'address_refused'],
    ['very many', `192.0.2.7${', 203.0.113.9'.repeat(500)}`, 'address_refused'],
  ])('behind a trusted proxy that says %s', async (_what, forwarded, expected) => {
    expect(await answerTo(behind, LISTED, forwarded)).toBe(expected)
  })

  it.each([
    ['both trusted', '192.0.2.7, 10.1.2.3', 'let in'],
    ['both trusted, over IPv6', '192.0.2.7, 2001:db8:1::5', 'let in'],
    ['the nearer trusted only', '192.0.2.7, 10.2.2.3', 'address_refused'],
  ])('behind two proxies, %s', async (_what, forwarded, expected) => {
    expect(await answerTo(behindTwo, LISTED, forwarded)).toBe(expected)
  })
})

describe('HTTP_TRUSTED_PROXIES', () => {
  const parse = (HTTP_TRUSTED_PROXIES: string) => parseSettings({ HTTP_TRUSTED_PROXIES }).http.trustedProxies

  it('is addresses and networks', () => {
    expect(parse('10.0.0.0/8,::1,2001:db8::/32')).toEqual(['10.0.0.0/8', '::1', '2001:db8::/32'])
  })

  it.each([
    'proxy.example',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0',
    ':::',
    '10.0.0.1,',
    '10.0.0.1, ::1',
    '10.0.0.0/8/8',
    'true',
  ])('is refused at the start where it is %j, not at the first request', (list) => {
    expect(() => parse(list)).toThrow(ConfigurationError)
  })
})
