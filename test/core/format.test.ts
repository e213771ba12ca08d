import { describe, expect, it } from 'vitest'
import { formatCount, formatDecimal, formatMoney, formatTime, formatWeight } from '../../src/core/format.ts'

describe('numbers as people read them', () => {
  it.each([
    ['0.5000', '0,5000'],
    ['1234.5000', '1.234,5000'],
    ['-1234567.0001', '-1.234.567,0001'],
    ['123456', '123.456'],
    ['-123456', '-123.456'],
    ['90071992547409931234', '90.071.992.547.409.931.234'],
    ['0', '0'],
  ])('%s is %s', (digits, spelled) => {
    expect(formatDecimal(digits)).toBe(spelled)
  })

  it('have their unit, and one point and comma for grams and rupiah', () => {
    expect(formatWeight('1234.5000')).toBe('1.234,5000 g')
    expect(formatMoney('1234567')).toBe('Rp 1.234.567')
    expect(formatMoney('-5000')).toBe('-Rp 5.000')
    expect(formatCount(12_345)).toBe('12.345')
  })
})

describe('times as people read them', () => {
  const moment = new Date('2026-02-08T20:00:05.987Z')

  it('are Jakarta’s with its offset, or UTC', () => {
    expect(formatTime(moment, 'Asia/Jakarta')).toBe('2026-02-09T03:00:05+07:00')
    expect(formatTime(moment, 'UTC')).toBe('2026-02-08T20:00:05Z')
  })

  it.each(['Asia/Jakarta', 'UTC'] as const)('say the same moment in %s, to the second', (zone) => {
    for (const at of [0, 1, 999, 1_000, -1, 1_770_000_000_001, 32_503_680_000_001])
      expect(new Date(formatTime(new Date(at), zone)).getTime()).toBe(Math.floor(at / 1_000) * 1_000)
  })
})
