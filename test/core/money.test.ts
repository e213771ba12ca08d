import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  comparePricePerGram,
  formatGrams,
  formatRupiah,
  type GoldWeight,
  MAX_GOLD_WEIGHT,
  parseGrams,
  parseRupiah,
  type Rupiah,
} from '../../src/core/money.ts'

describe('grams', () => {
  it.each([
    [0.0005, 5],
    ['0.0005', 5],
    [0.5, 5_000],
    [2, 20_000],
    ['12.3400', 123_400],
    ['1.00000', 10_000],
    [100_000, MAX_GOLD_WEIGHT],
    [0, 0],
  ])('%s is %i units of 0.0001 g', (grams, units) => {
    expect(parseGrams(grams)).toBe(units)
  })

  it.each([
    [0.00005],
    ['0.00051'],
    [-1],
    ['-0.5'],
    ['1,5'],
    ['1e3'],
    [1e21],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [''],
    ['.5'],
    ['5.'],
    [' 1'],
    ['１'],
    [100_000.0001],
    ['1\0'],
  ])('%j is no weight', (grams) => {
    expect(parseGrams(grams)).toBeNull()
  })

  it('come back from their printed form unchanged', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_GOLD_WEIGHT }), (units) => {
        expect(parseGrams(formatGrams(units as GoldWeight))).toBe(units)
        expect(parseGrams(Number(formatGrams(units as GoldWeight)))).toBe(units)
      }),
    )
  })
})

describe('rupiah', () => {
  it.each([
    [441, 441],
    ['10000', 10_000],
    [0, 0],
  ])('%s is %i', (value, rupiah) => {
    expect(parseRupiah(value)).toBe(rupiah)
  })

  it.each([[1.5], [-1], ['1.5'], ['-1'], [''], [Number.NaN], [1e13], ['9007199254740993']])(
    '%s is refused',
    (value) => {
      expect(parseRupiah(value)).toBeNull()
    },
  )

  it('are written with points between thousands', () => {
    expect(formatRupiah(1_234_567 as Rupiah)).toBe('Rp 1.234.567')
    expect(formatRupiah(441 as Rupiah)).toBe('Rp 441')
  })

  it('are written in full beyond 2^53, and with their sign', () => {
    expect(formatRupiah(9_007_199_254_740_993n)).toBe('Rp 9.007.199.254.740.993')
    expect(formatRupiah(-5_000n)).toBe('-Rp 5.000')
    expect(formatRupiah(-123n)).toBe('-Rp 123')
  })
})

describe('the price per gram', () => {
  it('is compared exactly where a float division would round', () => {
    const weight = 3 as GoldWeight
    expect(comparePricePerGram(100 as Rupiah, weight, 333_333 as Rupiah)).toBe(1)
    expect(comparePricePerGram(100 as Rupiah, weight, 333_334 as Rupiah)).toBe(-1)
    expect(comparePricePerGram(882 as Rupiah, 10 as GoldWeight, 882_000 as Rupiah)).toBe(0)
  })

  it('is compared exactly for the largest order', () => {
    const amount = 999_999_999_999 as Rupiah
    expect(comparePricePerGram(amount, MAX_GOLD_WEIGHT, 9_999_999 as Rupiah)).toBe(1)
    expect(comparePricePerGram(amount, MAX_GOLD_WEIGHT, 10_000_000 as Rupiah)).toBe(-1)
  })
})
