import { describe, expect, it } from 'vitest'
import { maskNumbersIn, maskPhoneNumbersIn } from '../../src/core/masking.ts'
import { readPhoneNumber } from '../../src/core/phone-number.ts'
import { maskedNumberMatches } from '../../src/gateway/replied-number.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { jobData } from '../support/factories/job-data.ts'
import { draw, spellingsOf } from '../support/factories/spellings.ts'

const WALLET = '081234500001'

describe('a phone number', () => {
  it.each([
    '081234500001',
    '6281234500001',
    '+6281234500001',
    '006281234500001',
    '62081234500001',
    '+62081234500001',
    '0062081234500001',
    '+62 0812-3450-0001',
    '+62 (0)812 3450 0001',
    '62(0)812.3450.0001',
    '(+62) 812-3450-0001',
    '(0812) 3450 0001',
    '0812 3450 0001',
    '0812-3450-0001',
    '0812.3450.0001',
    ' 081234500001 ',
    '81234500001',
    '812-3450-0001',
  ])('is one number in the spelling %j', (written) => {
    expect(readPhoneNumber(written)).toBe(WALLET)
  })

  it.each([
    ['nothing', ''],
    ['a number', 81234500001],
    ['null', null],
    ['letters', '0812x4500001'],
    ['an exponent', '8.12345E+10'],
    ["a spreadsheet's decimal", '81234500001.0'],
    ["a spreadsheet's decimals", '812345001.000'],
    ['an amount', '81.234.500.001'],
    ['two numbers that follow one another', '081234500001-2'],
    ['two numbers', '081234500001/2'],
    ['too few digits', '0812'],
    ['too many digits', '08123450000123'],
    ['another country', '+8190123456789'],
    ['another country by its 00', '008190123456789'],
    ['a land line', '0215550123'],
    ['two zeros', '0081234500001'],
    ['a mask', '08xxxxxxx001'],
    ['full-width digits', '０８１２３４５００００１'],
    ['Arabic digits', '٠٨١٢٣٤٥٠٠٠٠١'],
    ['a zero-width space', '0812\u200b34500001'],
    ['an invisible mark around it', '\u202a081234500001\u202c'],
    ['a no-break space', '0812\u00a034500001'],
    ['a line break', '081234500001\n'],
    ['one parenthesis', '(081234500001'],
    ['a plus inside', '08+1234500001'],
    ['a sign', '-81234500001'],
    ['a word', 'tel 081234500001'],
    ['a million digits', '0'.repeat(1_000_000)],
    ['a million gaps', `08${' -'.repeat(500_000)}1`],
  ])('is refused for %s', (_what, written) => {
    expect(readPhoneNumber(written)).toBeNull()
  })

  it('is read back from every spelling, and every spelling is masked wherever it stands', () => {
    const random = draw(10)
    for (let round = 0; round < 300; round += 1) {
      const number = `08${1 + random(9)}${String(random(10 ** 8)).padStart(8, '0')}`.slice(0, 10 + random(4))
      for (const written of spellingsOf(number, random)) {
        expect([written, readPhoneNumber(written)]).toEqual([written, number])
        const masked = maskPhoneNumbersIn(`call ${written}, please`)
        expect([written, masked.replace(/\D/g, '').length]).toEqual([
          written,
          expect.toSatisfy((n) => n <= 5),
        ])
        expect([written, maskedNumberMatches(written, number)]).toEqual([written, true])
      }
    }
  })

  it('makes the same order in every spelling, of the wallet and of the recipient', () => {
    const random = draw(11)
    const data = jobData.transfer()
    const { contentHash } = parseSubmission('transfer', data)
    for (const phone_number of spellingsOf(data.phone_number, random))
      for (const recipient of spellingsOf('081234500002', random))
        expect(parseSubmission('transfer', { ...data, phone_number, recipient }).contentHash).toBe(
          contentHash,
        )
  })
})

describe('numbers in a text', () => {
  it.each([
    ['wa 0812-3450-0001', 'wa 08xxxxxxx001'],
    ['wa +62 812 3450 0001.', 'wa 08xxxxxxx001.'],
    ['62(0)81234500001', '08xxxxxxx001'],
    ['0812\u200b3450\u200b0001', '08xxxxxxx001'],
    ['０８１２３４５００００１', '08xxxxxxx001'],
    ['٠٨١٢٣٤٥٠٠٠٠١', '08xxxxxxx001'],
    ['81234500001 called', '81xxxxxx001 called'],
  ])('are masked in %j', (text, masked) => {
    expect(maskPhoneNumbersIn(text)).toBe(masked)
  })

  it.each([
    'order 019a8f1e-0812-7345-8001-812345000123',
    'order 08123450-0017-7345-8001-012345000123',
    'on 08-12-2026 10:30:45, 2026-08-12 08:12:34 and 08.12.2026 10:30',
    'Rp 81.234.500.001 and 812,345,678',
    '{"amount":812345678,"session_id":"812345678901","quoteId":"8612853774"}',
    '2026-11-28T08:12:34.123Z',
    'lines 8 to 812345',
  ])('are not seen in %j', (text) => {
    expect(maskNumbersIn(text)).toBe(text)
  })

  it.each([
    '3174999901010001',
    '3174 9999 0101 0001',
    '317499-990101-0001',
    '31.74.99.990101.0001',
    '317499\u200b9901010001',
  ])('are masked as a KTP number: %j', (text) => {
    expect(maskNumbersIn(`ktp ${text}!`)).toBe('ktp xxxxxxxxxxxxxx01!')
  })
})
