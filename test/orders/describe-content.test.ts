import { expect, it } from 'vitest'
import { describeContent } from '../../src/orders/describe-content.ts'

it.each([
  [{ gold_weight: '0.5000' }, '0,5000 g'],
  [{ amount: 1_500_000 }, 'Rp 1.500.000'],
  [
    { gold_weight: '1.2500', limit: { max_price_per_gram: 900_000, max_fee: 0 } },
    '1,2500 g, at most Rp 900.000 a gram, a fee of at most Rp 0',
  ],
  [{ gold_weight: '1.0000', limit: { min_price_per_gram: 800_000 } }, '1,0000 g, at least Rp 800.000 a gram'],
  [
    { gold_weight: '1.0000', recipient: '081234500002', remarks: 'call 081234500003' },
    '1,0000 g, to 08xxxxxxx002, remarks call 08xxxxxxx003',
  ],
  [
    { gold_weight: '5.0000', ktp: '1234567890123456', address: { province: 'Bali' } },
    '5,0000 g, KTP number xxxxxxxxxxxxxx56, address (masked)',
  ],
  [{ colour: 'red', more: { of: 1 } }, 'colour red, more {"of":1}'],
  [{}, ''],
])('%j reads as %s', (content, text) => {
  expect(describeContent(content)).toBe(text)
})
