import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPlainOrder } from '../../src/orders/plain-order.ts'
import { InvalidOrderError, parseBySchema, parseSubmission } from '../../src/orders/submission.ts'
import { postalAddress } from '../support/factories/job-data.ts'

const ODD_VALUES = [
  undefined,
  null,
  '',
  ' ',
  0,
  -0,
  -1,
  1.5,
  NaN,
  1e13,
  '1',
  'x\u0000',
  'é',
  '😀',
  {},
  [],
  true,
]

const oneOf = (...good: readonly unknown[]) =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...good) }, fc.constantFrom(...ODD_VALUES), fc.string())

const LIMIT = fc.record(
  {
    max_price_per_gram: oneOf(2_000_000, 1),
    min_price_per_gram: oneOf(500_000),
    max_fee: oneOf(0, 5_000, 1_000_000_000_000),
    other: oneOf(1),
  },
  { requiredKeys: [] },
)
const REMARKS = oneOf('gift', 'a \\ "b"', 'r'.repeat(200), 'r'.repeat(201), 'é'.repeat(20), 'a\tb')

const FIELDS = {
  partner: oneOf('acme', 'a.b-c_9', '-acme', 'a'.repeat(63), 'a'.repeat(64)),
  reference: oneOf('PAY-1', ' PAY-1 ', 'a b', 'r'.repeat(128), 'r'.repeat(129), 'e\u0301', 'a\u200bb', '\tA'),
  phone_number: oneOf('081234500001', '+62 812-3450-0001', '81234500001', '0812', '081234500001\n'),
  gold_weight: oneOf('0.5', 0.25, '1.50000', '0.00001', 100_000, '100000.0001', '1e3', '0', ' 1'),
  amount: oneOf(100_000, 1_000_000_000_000, 1_000_000_000_001, '100000'),
  limit: fc.oneof({ weight: 6, arbitrary: LIMIT }, oneOf({ max_fee: 0 }, { max_price_per_gram: 1 })),
  recipient: oneOf('081234500002', '62812 3450 0002', '12'),
  remarks: REMARKS,
  deadline: oneOf('2027-01-31T09:00:00+07:00', '2027-01-31'),
  ktp: oneOf('3174999901010001'),
  address: oneOf(postalAddress()),
  Partner: oneOf('acme'),
}
const FIELD_NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[]
const ORDER = fc.record(FIELDS, { requiredKeys: ['partner', 'reference', 'phone_number'] })

const WALLET = { partner: 'acme', reference: 'PAY-1', phone_number: '081234500001', gold_weight: '0.5' }
const GOOD = {
  buy: WALLET,
  sell: WALLET,
  transfer: { ...WALLET, recipient: '081234500002', remarks: 'gift' },
  withdraw: { ...WALLET, gold_weight: 2, ktp: '3174999901010001', address: postalAddress() },
}
const KIND = fc.constantFrom(...(Object.keys(GOOD) as (keyof typeof GOOD)[]))

/** A good order of which some fields are others, so that plain orders are frequent. */
const NEARLY_GOOD = fc
  .tuple(KIND, ORDER, fc.subarray(FIELD_NAMES, { maxLength: 3 }))
  .map(([kind, other, names]) => {
    const changed = Object.entries(other).filter(([name]) => names.includes(name as (typeof names)[number]))
    return { kind, data: { ...GOOD[kind], ...Object.fromEntries(changed) } }
  })
const STRANGE = fc.record({ kind: oneOf('buy', 'sell', 'transfer', 'withdraw', 'Buy'), data: ORDER })

/** The order, or every problem of it. */
function outcome(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidOrderError) return error.problems
    throw error
  }
}

describe('an order that is read by hand', () => {
  it('is what the schema makes of it, and is refused for the same', () => {
    let plain = 0
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: NEARLY_GOOD }, STRANGE), ({ kind, data }) => {
        if (readPlainOrder(kind, data) !== null) plain += 1
        expect(outcome(() => parseSubmission(kind, data))).toStrictEqual(
          outcome(() => parseBySchema(kind, data)),
        )
      }),
      { numRuns: 2_000 },
    )
    expect(plain).toBeGreaterThan(100)
  })

  it.each([
    ['a list', []],
    ['nothing', null],
    ['an order with another prototype', Object.create({ partner: 'acme' })],
    ['an order with a name of prototypes', JSON.parse('{"__proto__": {}}')],
  ])('is never %s', (_what, data) => {
    expect(readPlainOrder('buy', data)).toBeNull()
  })
})
