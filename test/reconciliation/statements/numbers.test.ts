import { describe, expect, it } from 'vitest'
import { numberReader } from '../../../src/reconciliation/statements/numbers.ts'

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
    [plain, 'Rp 1'],
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
  ])('%# refuses %j', (reader, cell) => {
    expect(reader.grams(cell)).toBeNull()
  })
})
