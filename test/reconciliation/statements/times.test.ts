import { describe, expect, it } from 'vitest'
import { timeReader } from '../../../src/reconciliation/statements/times.ts'

const JAKARTA = 'Asia/Jakarta'
const read = (dates: string, cell: string, time_zone = JAKARTA) => {
  const ms = timeReader({ dates, time_zone })(cell)
  return ms === null ? null : new Date(ms).toISOString()
}

describe('a time', () => {
  it.each([
    ['iso', '2026-02-09T05:12:06.123Z', '2026-02-09T05:12:06.123Z'],
    ['iso', '2026-02-09T12:12:06+07:00', '2026-02-09T05:12:06.000Z'],
    ['iso', '2026-02-09T12:12:06+0700', '2026-02-09T05:12:06.000Z'],
    ['iso', '2026-02-09 12:12:06', '2026-02-09T05:12:06.000Z'],
    ['iso', '2026-02-09 12:12', '2026-02-09T05:12:00.000Z'],
    ['iso', '2026-02-09T05:12:06.123456Z', '2026-02-09T05:12:06.123Z'],
    ['iso', '2026-02-09', '2026-02-08T17:00:00.000Z'],
    ['dd/MM/yyyy HH:mm:ss', '09/02/2026 12:12:06', '2026-02-09T05:12:06.000Z'],
    ['dd/MM/yyyy HH:mm', '9/2/2026  1:05', '2026-02-08T18:05:00.000Z'],
    ['dd-MM-yyyy', '09-02-2026', '2026-02-08T17:00:00.000Z'],
    ['dd MMM yyyy HH:mm', '09 Agu 2026 00:00', '2026-08-08T17:00:00.000Z'],
    ['dd MMM yyyy HH:mm', '09 aug 2026 00:00', '2026-08-08T17:00:00.000Z'],
    ['dd MMM yyyy', '01 Mei 2026', '2026-04-30T17:00:00.000Z'],
    ['yyyyMMddHHmmss', '20260209121206', '2026-02-09T05:12:06.000Z'],
    ['dd.MM.yyyy HH:mm WIB', '09.02.2026 12:12 WIB', '2026-02-09T05:12:00.000Z'],
    ['iso', '2024-02-29', '2024-02-28T17:00:00.000Z'],
  ])('written as %s reads %j as %s', (dates, cell, iso) => {
    expect(read(dates, cell)).toBe(iso)
  })

  it.each([
    ['iso', ''],
    ['iso', '2026-02-30'],
    ['iso', '2026-13-01'],
    ['iso', '2026-02-09T24:00:00Z'],
    ['iso', '2026-02-09T12:60:00Z'],
    ['iso', '09/02/2026'],
    ['iso', '2026-02-09T12:12:06+07:00 '],
    ['dd/MM/yyyy', '2026-02-09'],
    ['dd/MM/yyyy', '31/04/2026'],
    ['dd/MM/yyyy', '09/02/26'],
    ['dd MMM yyyy', '09 Foo 2026'],
    // A point of the pattern is a point, not any character.
    ['dd.MM.yyyy', '09/02/2026'],
  ])('written as %s refuses %j', (dates, cell) => {
    expect(read(dates, cell)).toBeNull()
  })

  it('is right on both sides of a change of the clocks', () => {
    expect(read('iso', '2026-03-29 01:59', 'Europe/Berlin')).toBe('2026-03-29T00:59:00.000Z')
    expect(read('iso', '2026-03-29 03:01', 'Europe/Berlin')).toBe('2026-03-29T01:01:00.000Z')
    expect(read('iso', '2026-10-25 01:30', 'Europe/Berlin')).toBe('2026-10-24T23:30:00.000Z')
    expect(read('iso', '2026-10-25 04:30', 'Europe/Berlin')).toBe('2026-10-25T03:30:00.000Z')
  })
})
