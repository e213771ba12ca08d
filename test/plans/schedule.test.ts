import { array, assert, constantFrom, date, integer, property, record, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTimeZone, wallClockOf } from '../../src/core/time-zone.ts'
import {
  type Due,
  type HolidayNames,
  type Monthly,
  WEEKENDS,
  type Weekend,
} from '../../src/plans/calendar.ts'
import { parseCron } from '../../src/plans/cron.ts'
import {
  type Bounds,
  dueTimes as dues,
  nextDue,
  positionAfter,
  type Schedule,
} from '../../src/plans/schedule.ts'

const JAKARTA = 'Asia/Jakarta'
const EPOCH = new Date('2000-01-01T00:00:00Z')

const NONE: HolidayNames = new Map()

/** The moments of due times after another moment. */
const dueTimes = (schedule: Schedule, bounds: Bounds, after: Date, limit: number, holidays = NONE): Date[] =>
  dues(schedule, bounds, { after, fromDay: null }, limit, holidays).map(({ at }) => at)

const nextDueTime = (schedule: Schedule, bounds: Bounds, after: Date): Date | null =>
  nextDue(schedule, bounds, { after, fromDay: null }, NONE)?.at ?? null

const always = (timeZone = JAKARTA, overrides: Partial<Bounds> = {}): Bounds => ({
  ...{ timeZone, startsAt: EPOCH, endsAt: null, countLeft: null, fromDay: null, untilDay: null },
  ...overrides,
})

function cron(pattern: string): Schedule {
  const schedule = parseCron(pattern)
  if (schedule === null) throw new Error(`no cron: ${pattern}`)
  return schedule
}

const monthly = (day: number, weekend: Weekend = 'keep', at = '09:00'): Monthly => ({
  ...{ is: 'monthly', day, weekend, at },
})

/** Due times as the zone's wall shows them. */
function onTheWall(schedule: Schedule, after: string, count: number, timeZone = JAKARTA): string[] {
  const clock = wallClockOf(timeZone)
  return dueTimes(schedule, always(timeZone), new Date(after), count).map(clock.format)
}

describe('a plan that is due monthly', () => {
  it.each([
    ['on 25', monthly(25), ['2026-01-25', '2026-02-25', '2026-03-25', '2026-04-25']],
    ['on 31, else the last day', monthly(31), ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']],
    [
      'on 25, before a weekend',
      monthly(25, 'before'),
      ['2026-01-23', '2026-02-25', '2026-03-25', '2026-04-24'],
    ],
    [
      'on 25, after a weekend',
      monthly(25, 'after'),
      ['2026-01-26', '2026-02-25', '2026-03-25', '2026-04-27'],
    ],
    // The first of February and March 2026 are Sundays.
    [
      'on 1, before a weekend',
      monthly(1, 'before'),
      ['2026-01-30', '2026-02-27', '2026-04-01', '2026-05-01'],
    ],
    [
      'on 31, after a weekend',
      monthly(31, 'after'),
      ['2026-02-02', '2026-03-02', '2026-03-31', '2026-04-30'],
    ],
  ])('%s', (_what, schedule, days) => {
    expect(onTheWall(schedule, '2026-01-02T00:00:00Z', 4)).toEqual(days.map((day) => `${day}T09:00+07:00`))
  })

  it('has the 29th of February in leap years', () => {
    expect(onTheWall(monthly(30), '2028-02-01T00:00:00Z', 1)).toEqual(['2028-02-29T09:00+07:00'])
  })

  it('is due once where the wall shows the time twice, and after the gap where it never shows it', () => {
    const berlin = 'Europe/Berlin'
    expect(onTheWall(monthly(25, 'keep', '02:30'), '2026-10-01T00:00:00Z', 1, berlin)).toEqual([
      '2026-10-25T02:30+02:00',
    ])
    expect(onTheWall(monthly(29, 'keep', '02:30'), '2026-03-01T00:00:00Z', 1, berlin)).toEqual([
      '2026-03-29T03:00+02:00',
    ])
    // Lord Howe's clocks move by half an hour, in the middle of an hour of UTC.
    expect(onTheWall(monthly(4, 'keep', '02:15'), '2026-10-01T00:00:00Z', 1, 'Australia/Lord_Howe')).toEqual([
      '2026-10-04T02:30+11:00',
    ])
  })
})

/** Nyepi and Idul Fitri of 2026 with the days of leave beside them. */
const LEBARAN = new Map(
  ['18', '19', '20', '21', '22', '23', '24'].map((day) => [`2026-03-${day}`, 'Idul Fitri'] as const),
)

/** Every day of a period, as holidays. */
function everyDay(first: string, count: number): HolidayNames {
  const days = Array.from({ length: count }, (_, n) => new Date(Date.parse(first) + n * 86_400_000))
  return new Map(days.map((day) => [day.toISOString().slice(0, 10), 'a holiday']))
}

describe('a monthly day that is a holiday', () => {
  const first = (schedule: Monthly, holidays: HolidayNames) =>
    dues(schedule, always(), { after: new Date('2026-03-02T00:00:00Z'), fromDay: null }, 1, holidays).map(
      ({ at, day }) => `${wallClockOf(JAKARTA).format(at).slice(0, 10)} of ${day}`,
    )

  it.each([
    ['keep', '2026-03-19 of 2026-03-19'],
    ['before', '2026-03-17 of 2026-03-19'],
    // The holidays end on a Tuesday, with a weekend among them.
    ['after', '2026-03-25 of 2026-03-19'],
  ] as const)('moves past holidays and weekends: %s', (weekend, due) => {
    expect(first(monthly(19, weekend), LEBARAN)).toEqual([due])
  })

  it('is one due time where it lands on the next one', () => {
    const holidays = everyDay('2026-01-25', 31)
    const times = dueTimes(monthly(25, 'after'), always(), new Date('2026-01-02T00:00:00Z'), 2, holidays)
    expect(times.map(wallClockOf(JAKARTA).format)).toEqual([
      '2026-02-25T09:00+07:00',
      '2026-03-25T09:00+07:00',
    ])
  })

  it('stays where it is when no business day is within a month of it', () => {
    const holidays = everyDay('2026-01-25', 100)
    const times = dueTimes(monthly(25, 'after'), always(), new Date('2026-01-02T00:00:00Z'), 1, holidays)
    expect(times.map(wallClockOf(JAKARTA).format)).toEqual(['2026-01-25T09:00+07:00'])
  })

  it('that was due is not due again when it becomes a holiday afterwards', () => {
    const schedule = monthly(25, 'after')
    const due: Due = { at: new Date('2026-03-25T02:00:00Z'), day: '2026-03-25' }
    const holidays = everyDay('2026-03-25', 1)
    const next = nextDue(schedule, always(), positionAfter(schedule, due), holidays)
    expect(next?.day).toBe('2026-04-25')
  })
})

describe('a cron plan', () => {
  it.each([
    ['0 9 25 * *', ['2026-01-25T09:00', '2026-02-25T09:00']],
    ['30 8 * * mon-fri', ['2026-01-02T08:30', '2026-01-05T08:30']],
    ['0 9 L * *', ['2026-01-31T09:00', '2026-02-28T09:00']],
    ['0 9 31 * *', ['2026-01-31T09:00', '2026-03-31T09:00']],
    ['*/20 * * * *', ['2026-01-02T07:20', '2026-01-02T07:40']],
  ])('%s', (pattern, times) => {
    expect(onTheWall(cron(pattern), '2026-01-02T00:00:00Z', 2)).toEqual(times.map((time) => `${time}+07:00`))
  })

  it.each([
    ...['', 'x', '* * * *', '* * * * * *', '@daily', '60 * * * *', '0 24 * * *', '0 9 32 * *', '0 9 * 13 *'],
    ...['0 9 ? * *', '0 9 * * 9', '-1 * * * *', '0 9 * * * 2026'],
  ])('"%s" is refused', (pattern) => {
    expect(parseCron(pattern)).toBeNull()
  })

  it('that never comes is never due', () => {
    expect(nextDueTime(cron('0 9 30 2 *'), always(), new Date('2026-01-01T00:00:00Z'))).toBeNull()
  })

  it('of named times keeps one a day when the clocks change', () => {
    const twice = cron('30 2,14 * * *')
    expect(onTheWall(twice, '2026-10-24T22:00:00Z', 3, 'Europe/Berlin')).toEqual([
      ...['2026-10-25T02:30+02:00', '2026-10-25T14:30+01:00', '2026-10-26T02:30+01:00'],
    ])
    expect(onTheWall(twice, '2026-03-28T23:00:00Z', 3, 'Europe/Berlin')).toEqual([
      ...['2026-03-29T03:00+02:00', '2026-03-29T14:30+02:00', '2026-03-30T02:30+02:00'],
    ])
  })

  it('of an interval goes on when the clocks change, each moment written in its own way', () => {
    const times = onTheWall(cron('*/30 * * * *'), '2026-10-24T23:59:00Z', 4, 'Europe/Berlin')
    expect(times).toEqual([
      ...['2026-10-25T02:00+02:00', '2026-10-25T02:30+02:00', '2026-10-25T02:00+01:00'],
      '2026-10-25T02:30+01:00',
    ])
  })
})

describe('bounds', () => {
  const daily = cron('0 9 * * *')
  const after = new Date('2026-01-01T00:00:00Z')

  it('include the start, exclude the end', () => {
    const startsAt = new Date('2026-02-25T02:00:00Z')
    const endsAt = new Date('2026-02-27T02:00:00Z')
    const times = dueTimes(daily, always(JAKARTA, { startsAt, endsAt }), after, 10)
    expect(times).toEqual([startsAt, new Date('2026-02-26T02:00:00Z')])
  })

  it('count due times', () => {
    expect(dueTimes(daily, always(JAKARTA, { countLeft: 3 }), after, 10)).toHaveLength(3)
    expect(nextDueTime(daily, always(JAKARTA, { countLeft: 0 }), after)).toBeNull()
  })
})

const ZONES = [JAKARTA, 'UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
const someDate = date({ min: new Date('2024-01-01'), max: new Date('2032-01-01'), noInvalidDate: true })
const timeOfDay = tuple(integer({ min: 0, max: 23 }), integer({ min: 0, max: 59 })).map(
  ([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`,
)
const anyMonthly = record({
  day: integer({ min: 1, max: 31 }),
  weekend: constantFrom(...WEEKENDS),
  at: timeOfDay,
}).map((fields) => ({ is: 'monthly' as const, ...fields }))
const anyCron = tuple(
  constantFrom('0', '30', '*/17', '5,50'),
  constantFrom('2', '*', '1-3', '9,15'),
  constantFrom('*', '31', 'L', '1,15,29'),
).map(([minute, hour, day]) => cron(`${minute} ${hour} ${day} * *`))

describe('whatever the schedule, zone and moment', () => {
  const cases = tuple(constantFrom<'cron' | 'monthly'>('cron', 'monthly'), anyCron, anyMonthly).map(
    ([is, byCron, byMonth]): Schedule => (is === 'cron' ? byCron : byMonth),
  )

  it('due times strictly increase, and come the same however often one looks in between', () => {
    assert(
      property(cases, constantFrom(...ZONES), someDate, (schedule, zone, from) => {
        const times = dueTimes(schedule, always(zone), from, 8)
        expect(times).toHaveLength(8)
        times.forEach((time, position) => {
          const before = times[position - 1] ?? from
          expect(time.getTime()).toBeGreaterThan(before.getTime())
          const between = new Date(before.getTime() + Math.floor((time.getTime() - before.getTime() - 1) / 2))
          expect(nextDueTime(schedule, always(zone), between)).toEqual(time)
        })
      }),
      { numRuns: 300 },
    )
  })

  it('a monthly plan is due once a month, on its day or the last, at its time by the wall', () => {
    assert(
      property(anyMonthly, constantFrom(...ZONES), someDate, (schedule, zone, from) => {
        const times = dueTimes({ ...schedule, weekend: 'keep' }, always(zone), from, 24)
        const walls = times.map(wallClockOf(zone).format)
        expect(new Set(walls.map((wall) => wall.slice(0, 7))).size).toBe(24)
        for (const wall of walls) {
          const [year = 0, month = 0, day = 0] = wall.slice(0, 10).split('-').map(Number)
          expect(day).toBe(Math.min(schedule.day, new Date(Date.UTC(year, month, 0)).getUTCDate()))
          // In a gap the first time after it: never earlier, at most the hour that was left out later.
          expect(wall.slice(11, 16) >= schedule.at).toBe(true)
          if (zone === JAKARTA) expect(wall.slice(11)).toBe(`${schedule.at}+07:00`)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('a monthly plan is due on business days, each day of its schedule once, whatever days are holidays', () => {
    const someHolidays = array(integer({ min: 0, max: 200 }), { maxLength: 30 })
    assert(
      property(anyMonthly, someHolidays, someDate, (schedule, days, from) => {
        for (const weekend of ['before', 'after'] as const) {
          const holidays = new Map(
            days.map(
              (n) => [new Date(from.getTime() + n * 86_400_000).toISOString().slice(0, 10), 'x'] as const,
            ),
          )
          const position = { after: from, fromDay: null }
          const times = dues({ ...schedule, weekend }, always(), position, 12, holidays)
          expect(new Set(times.map(({ day }) => day.slice(0, 7))).size).toBe(12)
          expect(times.map(({ at }) => at)).toEqual(
            times.map(({ at }) => at).sort((a, b) => Number(a) - Number(b)),
          )
          for (const { at } of times) {
            const day = wallClockOf(JAKARTA).format(at).slice(0, 10)
            expect(holidays.has(day)).toBe(false)
            expect([0, 6]).not.toContain(new Date(day).getUTCDay())
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  it('no two moments are written alike, and local times are read back as their moment', () => {
    assert(
      property(constantFrom(...ZONES), array(someDate, { minLength: 2 }), (zone, moments) => {
        const clock = wallClockOf(zone)
        const written = new Set(moments.map(clock.format))
        expect(written.size).toBe(new Set(moments.map((moment) => moment.getTime())).size)
        for (const moment of moments) {
          const back = clock.momentOf(clock.localOf(moment))
          expect([0, 1_800_000, 3_600_000]).toContain(moment.getTime() - back.getTime())
        }
      }),
    )
  })
})

const swapped = (letter: string) =>
  letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()

describe('a time zone', () => {
  it('has one clock, and clocks of ever new spellings of it are not kept for ever', () => {
    const jakarta = 'Asia/Jakarta'
    const first = wallClockOf(jakarta)
    expect(wallClockOf(jakarta)).toBe(first)
    const letters = [...jakarta]
    for (let n = 1; n <= 4_095; n += 1)
      wallClockOf(letters.map((letter, at) => ((n >> at) & 1 ? swapped(letter) : letter)).join(''))
    expect(wallClockOf(jakarta)).not.toBe(first)
  })
  it.each(['Asia/Jakarta', 'Asia/Makassar', 'UTC'])('%s exists', (name) => {
    expect(isTimeZone(name)).toBe(true)
  })

  it.each(['', 'Asia/Bandung', '+07:00', 'WIB?', 'x'.repeat(200)])('"%s" does not', (name) => {
    expect(isTimeZone(name)).toBe(false)
  })
})
