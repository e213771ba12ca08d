import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readShippedHolidays } from '../../src/holidays/proposed-years.ts'
import { readHolidays } from '../../src/holidays/read-holidays.ts'

const read = (text: string) => readHolidays(Readable.from([Buffer.from(text)]))

describe('a file of holidays', () => {
  it('is read by day, with names that have commas, and with sources where they are given', async () => {
    const file = 'date,name,source\r\n2026-12-25,Natal,SKB\r\n2026-03-19,"Nyepi, Saka 1948",\r\n'
    expect(await read(file)).toEqual({
      is: 'read',
      holidays: [
        { day: '2026-03-19', name: 'Nyepi, Saka 1948', source: null },
        { day: '2026-12-25', name: 'Natal', source: 'SKB' },
      ],
    })
    expect(await read('date,name\n2026-03-19,Nyepi\n')).toMatchObject({ is: 'read' })
  })

  it.each([
    ['day,name\n2026-03-19,Nyepi\n', 'line 1: must be date,name or date,name,source'],
    ['date,name\n2026-02-30,Nyepi\n', 'line 2: date must be a day such as 2026-03-19'],
    ['date,name\n19/03/2026,Nyepi\n', 'line 2: date must be a day such as 2026-03-19'],
    ['date,name\n2026-03-19,\n', 'line 2: name must be a text of 1 to 80 characters'],
    ['date,name\n2026-03-19,Nyepi,SKB\n', 'line 2: has more cells than the header'],
    ['date,name\n2026-03-19,Nyepi\n2026-03-19,Idul Fitri\n', 'line 3: the date stands in line 2 already'],
    ['date,name\n', 'the file has no holidays'],
  ])('is refused with its line: %j', async (file, problem) => {
    const refused = await read(file)
    expect(refused.is === 'refused' ? refused.problems : []).toEqual([expect.stringContaining(problem)])
  })

  it('is refused when a year would have few business days left', async () => {
    const days = Array.from({ length: 101 }, (_, n) =>
      new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10),
    )
    const refused = await read(`date,name\n${days.map((day) => `${day},x`).join('\n')}\n`)
    expect(refused).toEqual({ is: 'refused', problems: ['2026 has 101 holidays: a year may have 100'] })
  })
})

describe('the holidays that come with the program', () => {
  it('are those of the decree of 2026, and of 2027 such as are expected and marked so', async () => {
    const all = await readShippedHolidays()
    const of = (year: string) => all.filter(({ day }) => day.startsWith(year))
    // 17 national holidays and 8 days of leave together.
    expect(of('2026')).toHaveLength(25)
    expect(of('2026').filter(({ name }) => name.startsWith('Cuti bersama'))).toHaveLength(8)
    expect(of('2026').every(({ source }) => source?.includes('1497/2025'))).toBe(true)
    expect(of('2027').every(({ source }) => source?.startsWith('EXPECTED'))).toBe(true)
    expect(of('2027').length).toBeGreaterThan(15)
  })
})
