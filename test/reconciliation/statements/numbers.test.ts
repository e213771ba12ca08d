import { describe, expect, it } from 'vitest'
import { numberProblem, numberReader } from '../../../src/reconciliation/statements/numbers.ts'

const plain = numberReader({ decimal: '.', thousands: '' })
const indonesian = numberReader({ decimal: ',', thousands: '.' })
const american = numberReader({ decimal: '.', thousands: ',' })
const spaced = numberReader({ decimal: ',', thousands: ' ' })

describe('rupiah', () => {
  it.each([
    [plain, '441690', 441_690],
    [plain, '0', 0],
    [plain, '441690.00', 441_690],
    [indonesian, '1.234.567', 1_234_567],
    [indonesian, '1234567', 1_234_567],
    [indonesian, '1.234.567,00', 1_234_567],
    [american, '1,234,567.0', 1_234_567],
    [spaced, '1 234 567', 1_234_567],
    [spaced, '1\u00a0234\u202f567', 1_234_567],
    [plain, 'Rp 1', 1],
    [plain, 'Rp441690.00', 441_690],
    [plain, '441690.0000', 441_690],
    [indonesian, 'Rp 441.690', 441_690],
    [indonesian, 'Rp441.690,-', 441_690],
    [indonesian, 'Rp. 441.690,--', 441_690],
    [indonesian, 'RP\u00a0441.690,00', 441_690],
    [indonesian, '441.690,-', 441_690],
    [indonesian, '441.690 IDR', 441_690],
    [indonesian, '441.690,- Rupiah', 441_690],
    [indonesian, '441.690,00', 441_690],
    [american, 'IDR 441,690.00', 441_690],
    [american, 'idr441,690', 441_690],
    [american, '441,690.-', 441_690],
  ])('%# reads %j as %i', (reader, cell, rupiah) => {
    expect(reader.rupiah(cell)).toBe(rupiah)
  })

  it.each([
    [plain, ''],
    [plain, '-1'],
    [plain, '+1'],
    [plain, '1.5'],
    [plain, '1.234.567'],
    [plain, '1,234'],
    [plain, '1e6'],
    [plain, '0x10'],
    [plain, 'Rp'],
    [plain, 'Rp -1'],
    [plain, '-Rp 1'],
    [plain, 'Rp 1 Rp 2'],
    [plain, 'USD 1'],
    [plain, '1-'],
    // Three decimals of rupiah are thousands by another reading.
    [plain, '441.000'],
    [american, '441.000'],
    [indonesian, '441,000'],
    [american, '441.690'],
    [indonesian, '441,690.00'],
    [american, '441,690,-'],
    [plain, '(100)'],
    [plain, '٣'],
    [plain, '=1+1'],
    [plain, '9'.repeat(16)],
    [plain, '1000000000001'],
    [indonesian, '1.23.456'],
    [indonesian, '1.2345'],
    [indonesian, '.234'],
    [indonesian, '1,50'],
    [indonesian, '1.234,'],
    [american, '1,23'],
  ])('%# refuses %j', (reader, cell) => {
    expect(reader.rupiah(cell)).toBeNull()
  })
})

describe('grams', () => {
  it.each([
    [plain, '0.0005', 5],
    [plain, '2', 20_000],
    [plain, '0.50000000', 5_000],
    [indonesian, '0,0005', 5],
    [indonesian, '1.000,5', 10_005_000],
    [american, '1,000.5', 10_005_000],
    [plain, '1.234', 12_340],
    [american, '1.234', 12_340],
    [plain, '0.5 g', 5_000],
    [indonesian, '0,5 g', 5_000],
    [indonesian, '0,5000 gr', 5_000],
    [indonesian, '0,5gram', 5_000],
    [indonesian, '1.000,5\u00a0Grams', 10_005_000],
    [indonesian, '1.234 gr.', 12_340_000],
  ])('%# reads %j as %i × 0.0001 g', (reader, cell, weight) => {
    expect(reader.grams(cell)).toBe(weight)
  })

  it.each([
    [plain, '0'],
    [plain, '0.0000'],
    [plain, '0.00001'],
    [plain, '-0.5'],
    [plain, '0,5'],
    [plain, '.5'],
    [plain, '100000.0001'],
    [plain, 'NaN'],
    [indonesian, '0.0005'],
    [indonesian, '0,00051'],
    [indonesian, '0,5 kg'],
    [indonesian, 'g'],
    [indonesian, '0 g'],
    [indonesian, '(0,5 g)'],
    [indonesian, 'Rp 0,5'],
  ])('%# refuses %j', (reader, cell) => {
    expect(reader.grams(cell)).toBeNull()
  })
})

describe('a sum', () => {
  it.each([
    [indonesian.rupiahSum('Rp 9.999.999.999.999'), 9_999_999_999_999n],
    [indonesian.gramsSum('100.000.000,0001 g'), 1_000_000_000_001n],
    [plain.gramsSum('0'), 0n],
    [plain.gramsSum('0.00001'), null],
    [plain.rupiahSum('1.5'), null],
  ])('%# is exact, and may be more than one order can have', (sum, expected) => {
    expect(sum).toBe(expected)
  })
})

describe('a refusal', () => {
  const SIGNS = { decimal: ',', thousands: '.' } as const
  it.each<[cell: string, reads: 'rupiah' | 'grams', sentence: RegExp | null]>([
    ['-441.690', 'rupiah', /is negative/],
    ['Rp -441.690', 'rupiah', /is negative/],
    ['-Rp441.690', 'rupiah', /is negative/],
    ['−441.690', 'rupiah', /is negative/],
    ['441.690-', 'rupiah', /is negative/],
    ['(441.690)', 'rupiah', /is negative/],
    ['(Rp 441.690)', 'rupiah', /is negative/],
    ['-0,5', 'grams', /is negative/],
    ['441.690 CR', 'rupiah', /debit or credit/],
    ['4,4E+05', 'rupiah', /rounded by a spreadsheet/],
    ['$ 100', 'rupiah', /not in rupiah/],
    ['USD 100', 'rupiah', /not in rupiah/],
    ['0,5 kg', 'grams', /not in grams/],
    [
      '441,690.00',
      'rupiah',
      /decimal "\." and thousands ",", and the mapping says decimal "," and thousands "\."/,
    ],
    ['0.5', 'grams', /decimal "\." and thousands ""/],
    ['x', 'rupiah', null],
  ])('names what is wrong with %j as %s', (cell, reads, sentence) => {
    expect(numberReader(SIGNS)[reads](cell)).toBeNull()
    const problem = numberProblem(cell, SIGNS, reads)
    if (sentence === null) expect(problem).toBeNull()
    else expect(problem).toMatch(sentence)
  })
})
