import { describe, expect, it } from 'vitest'
import { commandFrom, InvalidOrderError, parseSubmission } from '../../src/orders/submission.ts'
import { jobData, KTP, postalAddress } from '../support/factories/job-data.ts'

function refusal(kind: unknown, data: unknown): InvalidOrderError {
  try {
    parseSubmission(kind, data)
  } catch (error) {
    if (error instanceof InvalidOrderError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('an order from outside', () => {
  it.each([
    ['buy', jobData.buy(), { kind: 'buy', by: 'grams', goldWeight: 5_000, maxPricePerGram: null }],
    ['buy', jobData.buyRupiah(), { kind: 'buy', by: 'rupiah', amount: 100_000 }],
    ['buy', jobData.buy({ limit: { max_price_per_gram: 900_000 } }), { maxPricePerGram: 900_000 }],
    ['sell', jobData.sell(), { kind: 'sell', goldWeight: 2_500, minPricePerGram: null }],
    ['sell', jobData.sell({ limit: { min_price_per_gram: 1 } }), { minPricePerGram: 1 }],
    ['transfer', jobData.transfer(), { kind: 'transfer', goldWeight: 1_000, remarks: 'gift' }],
    ['withdraw', jobData.withdraw(), { kind: 'withdraw', goldWeight: 20_000, ktp: KTP }],
  ])('is understood as a %s', (kind, data, command) => {
    expect(parseSubmission(kind, data).command).toMatchObject(command)
  })

  it('is the same content whether a weight is a number or a decimal string', () => {
    const hash = (gold_weight: unknown) => parseSubmission('buy', jobData.buy({ gold_weight })).contentHash
    expect(hash(0.5)).toBe(hash('0.5000'))
    expect(hash(0.5)).not.toBe(hash(0.5001))
  })

  it('is other content with another wallet, kind, limit or deadline', () => {
    const hashes = [
      parseSubmission('buy', jobData.buy()),
      parseSubmission('sell', jobData.buy()),
      parseSubmission('buy', jobData.buy({ phone_number: '081234500009' })),
      parseSubmission('buy', jobData.buy({ limit: { max_price_per_gram: 900_000 } })),
      parseSubmission('buy', jobData.buy({ deadline: '2027-01-31T09:00:00+07:00' })),
    ].map(({ contentHash }) => contentHash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it.each([
    ['buy', jobData.buy()],
    ['buy', jobData.buyRupiah({ limit: { max_price_per_gram: 900_000 } })],
    ['sell', jobData.sell({ limit: { min_price_per_gram: 900_000 } })],
    ['transfer', jobData.transfer()],
    ['transfer', jobData.transfer({ remarks: undefined })],
    ['withdraw', jobData.withdraw()],
  ] as const)('comes back from what Postgres keeps of a %s', (kind, data) => {
    const { command, content } = parseSubmission(kind, data)
    expect(commandFrom(kind, command.phoneNumber, JSON.parse(JSON.stringify(content)))).toEqual(command)
  })
})

const refusals: [what: string, kind: unknown, data: unknown, field: string][] = [
  ['an unknown kind', 'swap', jobData.buy(), 'kind'],
  ['no kind', undefined, jobData.buy(), 'kind'],
  ['null', 'buy', null, 'data'],
  ['a text', 'buy', 'buy', 'data'],
  ['a list', 'buy', [], 'data'],
  ['nothing', 'buy', {}, 'partner'],
  ['no partner', 'buy', jobData.buy({ partner: undefined }), 'partner'],
  ['a partner with spaces', 'buy', jobData.buy({ partner: 'a b' }), 'partner'],
  ['an empty reference', 'buy', jobData.buy({ reference: '' }), 'reference'],
  ['a numeric reference', 'buy', jobData.buy({ reference: 7 }), 'reference'],
  ['NUL in the reference', 'buy', jobData.buy({ reference: 'a\0b' }), 'reference'],
  ['half a surrogate in the reference', 'buy', jobData.buy({ reference: '\ud800' }), 'reference'],
  ['a reference without end', 'buy', jobData.buy({ reference: 'x'.repeat(129) }), 'reference'],
  ['a short phone number', 'buy', jobData.buy({ phone_number: '0812' }), 'phone_number'],
  ['a numeric phone number', 'buy', jobData.buy({ phone_number: 81234500001 }), 'phone_number'],
  ['five decimals', 'buy', jobData.buy({ gold_weight: 0.00005 }), 'gold_weight'],
  ['five decimals in a text', 'buy', jobData.buy({ gold_weight: '0.12345' }), 'gold_weight'],
  ['a negative weight', 'buy', jobData.buy({ gold_weight: -1 }), 'gold_weight'],
  ['no weight at all', 'sell', jobData.sell({ gold_weight: 0 }), 'gold_weight'],
  ['a huge weight', 'sell', jobData.sell({ gold_weight: 1e15 }), 'gold_weight'],
  ['an unsafe weight', 'sell', jobData.sell({ gold_weight: Number.POSITIVE_INFINITY }), 'gold_weight'],
  ['a weight of true', 'sell', jobData.sell({ gold_weight: true }), 'gold_weight'],
  ['neither weight nor amount', 'buy', jobData.buy({ gold_weight: undefined }), 'gold_weight'],
  ['both weight and amount', 'buy', jobData.buy({ amount: 1_000 }), 'gold_weight'],
  ['half a rupiah', 'buy', jobData.buyRupiah({ amount: 0.5 }), 'amount'],
  ['a negative amount', 'buy', jobData.buyRupiah({ amount: -1 }), 'amount'],
  ['an amount of nothing', 'buy', jobData.buyRupiah({ amount: 0 }), 'amount'],
  ['a huge amount', 'buy', jobData.buyRupiah({ amount: 1e16 }), 'amount'],
  ['an amount as text', 'buy', jobData.buyRupiah({ amount: '1000' }), 'amount'],
  ['an amount on a sell', 'sell', jobData.sell({ amount: 1_000 }), 'amount'],
  [
    'a limit of the wrong side',
    'sell',
    jobData.sell({ limit: { max_price_per_gram: 1 } }),
    'limit.max_price_per_gram',
  ],
  ['an empty limit', 'buy', jobData.buy({ limit: {} }), 'limit'],
  [
    'a price limit on a transfer',
    'transfer',
    jobData.transfer({ limit: { max_price_per_gram: 1 } }),
    'limit.max_price_per_gram',
  ],
  ['no recipient', 'transfer', jobData.transfer({ recipient: undefined }), 'recipient'],
  ['a newline in the remarks', 'transfer', jobData.transfer({ remarks: 'a\nb' }), 'remarks'],
  ['half a bar', 'withdraw', jobData.withdraw({ gold_weight: 1.5 }), 'gold_weight'],
  ['a bar that is not minted', 'withdraw', jobData.withdraw({ gold_weight: 3 }), 'gold_weight'],
  ['a short KTP number', 'withdraw', jobData.withdraw({ ktp: '317' }), 'ktp'],
  ['a numeric KTP number', 'withdraw', jobData.withdraw({ ktp: 3174999901010001 }), 'ktp'],
  ['no address', 'withdraw', jobData.withdraw({ address: undefined }), 'address'],
  ['no city', 'withdraw', jobData.withdraw({ address: postalAddress({ city: undefined }) }), 'address.city'],
  [
    'a bad zip code',
    'withdraw',
    jobData.withdraw({ address: postalAddress({ zip_code: 10140 }) }),
    'address.zip_code',
  ],
  ['a deadline without zone', 'buy', jobData.buy({ deadline: '2027-01-31T09:00:00' }), 'deadline'],
  ['a deadline that is no time', 'buy', jobData.buy({ deadline: '2027-02-31T09:00:00Z' }), 'deadline'],
  ['an unknown field', 'buy', jobData.buy({ colour: 'gold' }), 'colour'],
]

describe('a malformed order', () => {
  it.each(refusals)('with %s is refused by the name of its field', (_what, kind, data, field) => {
    expect(refusal(kind, data).field).toBe(field)
  })

  it.each(refusals)('with %s is refused without repeating values', (_what, kind, data) => {
    expect(refusal(kind, data).message).not.toMatch(/081234500|3174999|\d{16}|[\0\n]/)
  })

  it('is refused without repeating an unknown field that looks like a phone number', () => {
    expect(refusal('buy', jobData.buy({ '081234500077': 1 })).message).not.toContain('081234500077')
  })
})
