import { asc, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { list, nullable, rows, statement, type } from '../postgres/statement.ts'
import type { Holiday, HolidayCalendar } from './calendar.ts'
import { holidays } from './schema.ts'

const selectHolidays = statement('read_holidays', {}, (db) =>
  db.select({ day: holidays.day, name: holidays.name, requestId: holidays.requestId }).from(holidays),
)

/** The approved holidays, and the version by which readers tell that they have changed. */
export async function readHolidayCalendar(runner: StatementRunner): Promise<HolidayCalendar> {
  const found = await selectHolidays(runner, {})
  return {
    version: found.reduce((newest, { requestId }) => Math.max(newest, requestId), 0),
    names: new Map(found.map(({ day, name }) => [day, name])),
  }
}

const yearOf = sql`extract(year from ${holidays.day})::int`

/** The approved holidays of some years, the earliest first. */
export const listHolidaysOf = statement(
  'list_holidays',
  { years: nullable(list(type.integer)) },
  (db, { years }) =>
    db
      .select({
        day: holidays.day,
        name: holidays.name,
        source: holidays.source,
        requestId: holidays.requestId,
      })
      .from(holidays)
      .where(sql`${years}::int[] is null or ${yearOf} = any(${years})`)
      .orderBy(asc(holidays.day)),
)

const deleteYears = statement('delete_holidays_of_years', { years: list(type.integer) }, (db, { years }) =>
  db.delete(holidays).where(sql`${yearOf} = any(${years})`),
)

const insertHolidays = statement(
  'insert_holidays',
  {
    given: rows({ day: holidays.day, name: holidays.name, source: nullable(holidays.source) }),
    requestId: holidays.requestId,
  },
  (db, { given, requestId }) =>
    db.insert(holidays).select(
      db
        .select({
          day: given.day,
          name: given.name,
          source: given.source,
          requestId: sql<number>`${requestId}`.as('holiday_request'),
        })
        .from(given),
    ),
)

/** Replaces all holidays of the years in which some are given, in the transaction of the request's approval. */
export async function replaceHolidays(
  runner: StatementRunner,
  given: readonly Holiday[],
  requestId: number,
): Promise<void> {
  await deleteYears(runner, { years: yearsOf(given) })
  await insertHolidays(runner, { given, requestId })
}

/** The years of some days, the earliest first. */
export function yearsOf(given: readonly Pick<Holiday, 'day'>[]): number[] {
  return [...new Set(given.map(({ day }) => Number(day.slice(0, 4))))].sort((a, b) => a - b)
}
