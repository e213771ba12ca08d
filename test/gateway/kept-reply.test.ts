import { describe, expect, it } from 'vitest'
import { readEnvelope } from '../../src/gateway/codecs.ts'
import { keptBody, keptMessage } from '../../src/gateway/kept-reply.ts'
import { keptReply } from '../../src/gateway/reply-message.ts'
import { envelope } from '../support/servers/http-server.ts'

const keep = (text: string, status = 200) =>
  keptReply({ is: 'reply', status, text, envelope: readEnvelope(text) })
const bodyOf = (text: string) => JSON.parse(keep(text).body ?? 'null')

const EXECUTED = {
  request_id: 'R-1',
  response_id: 20_260_209,
  session_id: 'S-202602091234',
  phone_number: '081234500001',
  gold_weight: 0.5,
  amount: 441_000,
  fee: 5_000,
}
const PERSONAL =
  /Sari|Contoh|@|081234500001|81234500001|0812[ .-]3450|3174999901010001|3174 9999|hunter2|eyJ|Jl\./

describe('what is kept of a reply', () => {
  it('is every documented field, its numbers of people masked', () => {
    expect(bodyOf(envelope(EXECUTED))).toEqual({
      data: { ...EXECUTED, request_id: 'R-1', response_id: '20260209', phone_number: '08xxxxxxx001' },
      general_response: {
        ...{ response_status: true, response_code: 200, response_message: 'Success' },
        response_timestamp: '2026-02-09T12:52:06+07:00',
      },
    })
  })

  it.each([
    [
      'fields nobody knows',
      { ...EXECUTED, name: 'Sari Contoh', email: 'sari@contoh.example', token: 'eyJhunter2' },
    ],
    ['names of fields', { ...EXECUTED, 'Sari Contoh': 1, '081234500001': 1 }],
    ['a recipient’s name', { ...EXECUTED, additional: { recipient: 'Sari Contoh', to: 'Sari' } }],
    ['a name where an id belongs', { ...EXECUTED, session_id: 'Sari Contoh', response_id: 'Sari' }],
    ['an e-mail address where an id belongs', { ...EXECUTED, session_id: 'sari1@contoh.example' }],
    [
      'numbers in odd spellings',
      { ...EXECUTED, phone_number: '0812 3450 0001', amount: '3174 9999 0101 0001x' },
    ],
    [
      'a withdrawal’s address',
      { request_id: 7, address: 'Jl. Contoh 1', city: 'Contoh', ktp: '3174999901010001', note: 'Sari' },
    ],
    ['people in a list', [{ name: 'Sari Contoh' }, 'Sari']],
    ['a text', 'Sari Contoh 081234500001'],
  ])('has nothing personal of %s', (_what, data) => {
    expect(keep(envelope(data)).body).not.toMatch(PERSONAL)
  })

  it.each([
    ['a page', '<html><body>Dear Sari Contoh, 0812-3450-0001, session_id: S-77</body></html>'],
    ['a text', 'Sari Contoh sari@contoh.example 3174 9999 0101 0001 session_id=S-77'],
    ['JSON of another shape', '{"customer":"Sari Contoh","token":"hunter2","session_id":"S-77"}'],
    [
      'an envelope with a name twice',
      envelope(EXECUTED).replace('{', '{"session_id":"S-77","session_id":"S-77",'),
    ],
  ])('that cannot be read has ids, length and hash of %s and nothing else', (_what, text) => {
    const { unreadable } = bodyOf(text)
    expect(unreadable).toMatchObject({
      bytes: Buffer.byteLength(text),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(unreadable.ids).toContainEqual({ session_id: 'S-77' })
    expect(keep(text).body).not.toMatch(PERSONAL)
  })

  it.each(['gold_weight', 'amount', 'fee'])('is no number of a person in the place of %s', (field) => {
    const persons = [
      '081234500084',
      '6281234500084',
      '3174999901010001',
      3_174_999_901_010_001,
      6_281_234_500_084,
    ]
    for (const value of persons) {
      const text = envelope({ [field]: value })
      expect(keptBody(text, readEnvelope(text)), String(value)).not.toContain(String(value))
    }
    const text = envelope({ [field]: 441_690 })
    expect(keptBody(text, readEnvelope(text))).toContain('441690')
  })

  it('is bounded however much there is', () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [`field_${'a'.repeat(n % 30)}${n}`, n]),
    )
    for (const text of [
      envelope({ ...EXECUTED, ...many }),
      'session_id: S-1 '.repeat(100_000),
      envelope(new Array(10_000).fill(EXECUTED)),
    ])
      expect(keep(text).body?.length).toBeLessThan(4_000)
  })

  it('is never the reason that a reply gets lost', () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
    expect(keep(deep).body).toContain('unreadable')
    expect(keep(envelope(EXECUTED).replace('"data":', `"deep":${deep},"data":`)).body).toContain('unreadable')
  })
})

describe('a gateway’s words', () => {
  it.each([
    ['Wallet 081234500001 is blocked', 'Wallet 08xxxxxxx001 is blocked'],
    ['Wallet 0812-3450-0001 is blocked', 'Wallet 08xxxxxxx001 is blocked'],
    ['Wallet +62 812 3450 0001 is blocked', 'Wallet 08xxxxxxx001 is blocked'],
    ['KTP 3174 9999 0101 0001', 'KTP xxxxxxxxxxxxxx01'],
    ['Mail to sari@contoh.example', 'Mail to (e-mail address)'],
    ['Executed as S-202602091234 on 2026-02-09', 'Executed as S-202602091234 on 2026-02-09'],
  ])('%s', (message, kept) => {
    expect(keptMessage(message)).toBe(kept)
  })
})

describe('a reply that two readers may understand differently', () => {
  it.each([
    [
      'twice its status',
      envelope(EXECUTED).replace('"response_status":true', '"response_status":false,"response_status":true'),
    ],
    ['twice its data', envelope(EXECUTED).replace('{', '{"data":{"session_id":"S-1"},')],
    ['twice an id', envelope(EXECUTED).replace('"session_id"', '"session_id":"S-0","session_id"')],
    ['a prototype', envelope(EXECUTED).replace('"session_id"', '"__proto__":{"x":1},"session_id"')],
    [
      'no end of levels',
      envelope(EXECUTED).replace('"fee":5000', `"fee":5000,"x":${'['.repeat(50)}${']'.repeat(50)}`),
    ],
  ])('with %s is not the documented envelope', (_what, text) => {
    expect(text).not.toBe(envelope(EXECUTED))
    expect(readEnvelope(text)).toBeNull()
  })
})
