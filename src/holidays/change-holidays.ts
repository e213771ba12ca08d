import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
import type { Holiday } from './calendar.ts'
import { listHolidaysOf, replaceHolidays, yearsOf } from './store.ts'

/** The holidays of whole years, as one request has them. */
export interface HolidayChange {
  /** The file they were read from. */
  readonly file: string
  readonly holidays: readonly Holiday[]
}

/** Setting the holidays of one or more years: two people, because it moves dates of orders. */
export const CHANGE_HOLIDAYS: ChangeKind<HolidayChange> = {
  name: 'change_holidays',
  payload: z.strictObject({
    file: z.string(),
    holidays: z
      .array(z.strictObject({ day: z.iso.date(), name: z.string(), source: z.string().nullable() }))
      .min(1),
  }),
  // One at a time, as the trigger guard_holiday asks for it: the numbers of requests are the order of changes.
  subjectOf: () => 'holidays',
  describe: ({ file, holidays }) =>
    `set the holidays of ${yearsOf(holidays).join(' and ')}, which move dates of plans, to the ${holidays.length} of ${file}: ${holidays.map(({ day, name }) => `${day} ${name}`).join('; ')}`,
  async readCurrent(runner, { holidays }) {
    const current = await listHolidaysOf(runner, { years: yearsOf(holidays) })
    return Object.fromEntries(current.map(({ day, name }) => [day, name]))
  },
  async apply(runner, { holidays }, { requestId }) {
    await replaceHolidays(runner, holidays, requestId)
    return { is: 'done' }
  },
}

/** What a change adds to the holidays of its years, takes from them and renames. */
export function differencesOf(current: readonly Holiday[], proposed: readonly Holiday[]) {
  const [before, after] = [current, proposed].map((days) => new Map(days.map(({ day, name }) => [day, name])))
  return {
    added: proposed.filter(({ day }) => before?.has(day) !== true),
    removed: current.filter(({ day }) => after?.has(day) !== true),
    renamed: proposed.filter(({ day, name }) => (before?.get(day) ?? name) !== name),
  }
}
