import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isAddress, isListed } from '../../src/partners/allowed-addresses.ts'
import { hasHash, newKey, presentedKey } from '../../src/partners/key-format.ts'
import { beginHmac, digestProblem, headProblem, SIGNATURE_WINDOW_MS } from '../../src/partners/signature.ts'

describe('a key', () => {
  it('is found by its prefix, known by its hash, and never the same twice', () => {
    const key = newKey(randomBytes)
    expect(presentedKey(`Bearer ${key.key}`)).toEqual({ prefix: key.prefix, key: key.key })
    expect(hasHash(key.key, key.secretHash)).toBe(true)
    const other = newKey(randomBytes)
    expect(hasHash(other.key, key.secretHash)).toBe(false)
    expect(other.prefix).not.toBe(key.prefix)
    expect(JSON.stringify({ ...key, key: '' })).not.toContain(key.key.slice(`gp_${key.prefix}_`.length))
  })

  it.each([undefined, '', 'Basic abc', 'Bearer', 'Bearer gp_short_x', 'Bearer gp_ABCDEFGHIJKL_x', 'gp_a_b'])(
    'is not read out of %s',
    (header) => {
      expect(presentedKey(header)).toBeNull()
    },
  )
})

describe('an address list', () => {
  it.each([
    ['192.0.2.7', ['192.0.2.7'], true],
    ['::ffff:192.0.2.7', ['192.0.2.0/24'], true],
    ['192.0.3.7', ['192.0.2.0/24'], false],
    ['2001:db8::1', ['2001:db8::/32', '192.0.2.7'], true],
    ['2001:db9::1', ['2001:db8::/32'], false],
    ['not an address', ['0.0.0.0/0'], false],
  ])('%s in %j: %s', (address, listed, expected) => {
    expect(isListed(address, listed)).toBe(expected)
  })

  it.each([
    ['192.0.2.7', true],
    ['10.0.0.0/8', true],
    ['2001:db8::/32', true],
    ['10.0.0.0/33', false],
    ['10.0.0.0/8/8', false],
    ['example.com', false],
    ['', false],
  ])('%j can be listed: %s', (text, expected) => {
    expect(isAddress(text)).toBe(expected)
  })
})

describe('a signature', () => {
  const nowMs = 1_770_000_000_000
  const request = {
    method: 'POST',
    path: '/v1/orders?wait=3',
    timestamp: String(nowMs / 1_000),
    nonce: 'n'.repeat(16),
    body: Buffer.from('{"a":1}'),
  }
  const digestOf = (signed: typeof request) => beginHmac(signed, 'secret').update(signed.body).digest('hex')
  const good = `v1=${digestOf(request)}`
  /** As a request is judged: by its head before its body has come, and by all of it then. */
  const problem = (change: object, signature = good, atMs = nowMs) => {
    const signed = { ...request, ...change }
    return headProblem(signed, signature, atMs) ?? digestProblem(signature, digestOf(signed))
  }

  it('is good for its request, within five minutes either way', () => {
    expect(problem({})).toBeNull()
    expect(problem({}, good, nowMs + SIGNATURE_WINDOW_MS)).toBeNull()
    expect(problem({}, good, nowMs - SIGNATURE_WINDOW_MS)).toBeNull()
  })

  it.each([
    ['another method', { method: 'GET' }],
    ['another path', { path: '/v1/orders' }],
    ['another query', { path: '/v1/orders?wait=4' }],
    ['another body', { body: Buffer.from('{"a":2}') }],
    ['another nonce', { nonce: 'm'.repeat(16) }],
    ['another timestamp', { timestamp: String(nowMs / 1_000 + 1) }],
  ])('is not good for %s', (_what, change) => {
    expect(problem(change)).toBe('the signature is not of this request')
  })

  it('is stale after five minutes, and early before them', () => {
    expect(problem({}, good, nowMs + SIGNATURE_WINDOW_MS + 1)).toMatch(/five minutes/)
    expect(problem({}, good, nowMs - SIGNATURE_WINDOW_MS - 1)).toMatch(/five minutes/)
  })

  it('is refused when it is malformed, whatever is', () => {
    expect(problem({ timestamp: 'now' })).toMatch(/X-Timestamp/)
    expect(problem({ nonce: 'short' })).toMatch(/X-Nonce/)
    expect(problem({}, 'v1=abc')).toMatch(/X-Signature/)
    expect(problem({}, '')).toMatch(/X-Signature/)
  })
})
