import { describe, expect, it } from 'vitest'
import { patternProblem, timeReader } from '../../../src/reconciliation/statements/times.ts'

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
    ['dd MMM yyyy HH:mm:ss', '09 Agt 2025 09:00:00', '2025-08-09T02:00:00.000Z'],
    ['dd MMM yyyy HH:mm:ss', '09 AGS. 2025 09:00:00', '2025-08-09T02:00:00.000Z'],
    ['dd MMMM yyyy', '28 November 2026', '2026-11-27T17:00:00.000Z'],
    ['dd MMMM yyyy', '28 Nopember 2026', '2026-11-27T17:00:00.000Z'],
    ['dd.MMM.yyyy', '28.Nov.2026', '2026-11-27T17:00:00.000Z'],
    ['ddMMMyyyy', '28Sept2026', '2026-09-27T17:00:00.000Z'],
    ['EEEE, dd MMMM yyyy', 'Sabtu, 28 November 2026', '2026-11-27T17:00:00.000Z'],
    ['EEE, d MMM yy', "Jum'at, 2 Jan 26", '2026-01-01T17:00:00.000Z'],
    ['dd/MM/yy', '09/02/26', '2026-02-08T17:00:00.000Z'],
    ['dd/MM/yyyy HH.mm.ss', '09/02/2026 09.00.00', '2026-02-09T02:00:00.000Z'],
    ["dd MMM yyyy 'pukul' HH.mm", '09 Peb 2026 pukul 09.00', '2026-02-09T02:00:00.000Z'],
    ['dd/MM/yyyy hh:mm a', '09/02/2026 12:05 AM', '2026-02-08T17:05:00.000Z'],
    ['dd/MM/yyyy hh:mm:ss a', '09/02/2026 12:05:00 pm', '2026-02-09T05:05:00.000Z'],
    ['dd/MM/yyyy HH:mm z', '09/02/2026 12:00 WIB', '2026-02-09T05:00:00.000Z'],
    ['dd/MM/yyyy HH:mm z', '09/02/2026 12:00 wita', '2026-02-09T04:00:00.000Z'],
    ['dd/MM/yyyy HH:mm z', '09/02/2026 12:00 WIT', '2026-02-09T03:00:00.000Z'],
    ['dd/MM/yyyy HH:mm z', '09/02/2026 12:00 +07:00', '2026-02-09T05:00:00.000Z'],
    ['dd/MM/yyyy HH:mm WITA', '09/02/2026 12:00 WITA', '2026-02-09T04:00:00.000Z'],
    ['yyyy-MM-ddTHH:mm:ss.SSS', '2026-02-09T12:00:00.25', '2026-02-09T05:00:00.250Z'],
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
    ['dd MMM yyyy', '09 Agusto 2026'],
    ['dd MMM yyyy', '09 Ma 2026'],
    ['EEEE, dd MMMM yyyy', 'Minggu, 28 November 2026'],
    ['EEEE, dd MMMM yyyy', 'Nanti, 28 November 2026'],
    ['dd/MM/yyyy HH:mm WIB', '09/02/2026 12:00 WITA'],
    ['dd/MM/yyyy HH:mm z', '09/02/2026 12:00 CET'],
    ['dd/MM/yyyy hh:mm a', '09/02/2026 13:05 PM'],
    ['dd/MM/yyyy hh:mm a', '09/02/2026 00:05 AM'],
    ['dd/MM/yyyy HH:mm', '09/02/2026 09.00'],
    // With a digit lost nobody knows which part lost it.
    ['yyyyMMddHHmmss', '2026112121206'],
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

describe('the name of a month', () => {
  it.each([
    ['01', 'jan Januari JANUARY jan.'],
    ['02', 'feb Peb februari Pebruari February'],
    ['03', 'mar Mrt maret march'],
    ['04', 'apr April'],
    ['05', 'mei May'],
    ['06', 'jun juni June'],
    ['07', 'jul juli July'],
    ['08', 'agt ags agu Agst agustus aug August agt.'],
    ['09', 'sep sept September'],
    ['10', 'okt oct oktober October'],
    ['11', 'nov nop nopember November'],
    ['12', 'des dec Desember december'],
  ])('%s is any of %s', (month, names) => {
    for (const name of names.split(' '))
      for (const pattern of ['dd MMM yyyy HH:mm z', 'dd MMMM yyyy HH:mm z'])
        expect(read(pattern, `15 ${name} 2026 00:00 Z`), name).toBe(`2026-${month}-15T00:00:00.000Z`)
  })
})

describe('a pattern', () => {
  it.each([
    ...['iso', 'dd/MM/yyyy', 'd/M/yyyy', 'dd-MM-yy HH.mm.ss', 'dd MMM yyyy HH:mm:ss', 'EEEE, dd MMMM yyyy'],
    ...['yyyyMMddHHmmss', 'yyyy-MM-ddTHH:mm:ss.SSS z', 'dd/MM/yyyy hh:mm a', 'HH:mm dd/MM/yyyy', 'ddMMMyyyy'],
    ...["dd MMM yyyy 'pukul' HH.mm WIB", 'MM/dd/yyyy', 'yyMMdd'],
  ])('%s is taken', (pattern) => {
    expect(patternProblem(pattern)).toBeNull()
  })

  it.each<[pattern: string, sentence: RegExp]>([
    ['dd/MM', /no year: add yyyy/],
    ['MM/yyyy', /no day: add dd/],
    ['dd/yyyy', /no month: add MM/],
    ['dd/mm/yyyy', /mm is the minutes: write MM for the month/],
    ['DD/MM/YYYY', /DD is not known: write dd for the day/],
    ['dd/MM/YYYY', /YYYY is not known: write yyyy/],
    ['dd/MM/yyyy HH:MM', /has the month twice/],
    ['dd/MM/MMM/yyyy', /has the month twice/],
    ['dd/dd/MM/yyyy', /has the day twice/],
    ['dd/MM/yyyy yy', /has the year twice/],
    ['dd/MM/yyyy hh:mm', /hh counts to 12 and needs a .*write HH/],
    ['dd/MM/yyyy HH:mm a', /a is AM or PM and needs hh/],
    ['dd/MM/yyyy HH', /an hour without minutes: add mm/],
    ['dd/MM/yyyy mm', /minutes without an hour/],
    ['dd/MM/yyyy ss', /seconds without minutes/],
    ['dd/MM/yyyy HH:mm:SS', /SS is not known: write ss for the seconds/],
    ['dd/MM/yyyy HH:mm SSS', /a fraction without seconds/],
    ['dd/MM/yyyy WIB', /a zone without a time of day/],
    ['dd/MM/yyyy HH:mm WIB z', /has the offset twice/],
    ['%d/%m/%Y', /a pattern has no %/],
    ['28/11/2026', /no year/],
    ['dMyyyy', /d next to another number .* write dd/],
    ['dd MMM yyyy pukul HH:mm', /"p" is not a part of a time: .*single quotes/],
    ["dd MMM yyyy 'pukul HH:mm", /single quotes/],
    ['EEEEMMMdd yyyy', /does not read back what it writes/],
    ['ISO', /write a pattern such as/],
    ['unix', /write a pattern such as/],
  ])('%s is refused', (pattern, sentence) => {
    expect(patternProblem(pattern)).toMatch(sentence)
  })
})
