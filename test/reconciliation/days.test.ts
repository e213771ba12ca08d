import { describe, expect, it } from 'vitest'
import { dayOf, formatPeriod, parsePeriod } from '../../src/core/business-days.ts'

const NOW = new Date('2026-02-09T05:12:00Z')

describe('a period', () => {
  it.each([
    ['2026-02-09', '2026-02-08T17:00:00.000Z', '2026-02-09T17:00:00.000Z'],
    ['2026-02-01..2026-02-28', '2026-01-31T17:00:00.000Z', '2026-02-28T17:00:00.000Z'],
    ['2026-02-09T08:00..2026-02-09T12:30', '2026-02-09T01:00:00.000Z', '2026-02-09T05:30:00.000Z'],
    ['2026-02-08..2026-02-09T12:30', '2026-02-07T17:00:00.000Z', '2026-02-09T05:30:00.000Z'],
  ])('%s is of Jakarta, and is written as it is read', (text, from, to) => {
    const period = parsePeriod(text, NOW)
    expect(period).toEqual({ from: new Date(from), to: new Date(to) })
    const again = period === null ? null : parsePeriod(formatPeriod(period), NOW)
    expect(again).toEqual(period)
  })

  it('may end now', () => {
    expect(parsePeriod('2026-02-09..now', NOW)?.to).toEqual(NOW)
  })

  it.each([
    '',
    'yesterday',
    '2026-02-30',
    '1999-01-01',
    '2026-02-09..2026-02-08',
    '2026-02-09T08:00',
    '2026-02-09T08:00..2026-02-09T08:00',
    '2026-02-09T25:00..2026-02-10',
    '2026-02-10..now',
    'now..2026-02-10',
    '2026-02-01..2026-02-02..2026-02-03',
  ])('is not %j', (text) => {
    expect(parsePeriod(text, NOW)).toBeNull()
  })
})

it('a day begins at midnight in Jakarta', () => {
  expect(dayOf(new Date('2026-02-08T16:59:59Z'))).toBe('2026-02-08')
  expect(dayOf(new Date('2026-02-08T17:00:00Z'))).toBe('2026-02-09')
})
