import { z } from 'zod'
import { DEFAULT_RATE_PER_SECOND, MAX_RATE_PER_SECOND } from '../batches/commands.ts'
import { maskPhoneNumbersIn } from '../core/masking.ts'
import { isTimeZone } from '../core/time-zone.ts'
import { WEEKENDS } from './calendar.ts'
import { parseCron } from './cron.ts'
import { MISSED_POLICIES, OVERLAP_POLICIES } from './lifecycle.ts'

/** The fields of a request for a plan, for commands and HTTP alike. Only problems of a single field are found here. */

const matching = (pattern: RegExp, expected: string) =>
  z.string({ error: `must be ${expected}` }).regex(pattern, `must be ${expected}`)

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` })

const wholeNumber = (min: number, max: number, expected = `a whole number from ${min} to ${max}`) => {
  const error = `must be ${expected}`
  return z.int({ error }).min(min, error).max(max, error)
}

const NAME = '1 to 63 letters, digits, dots, dashes or underscores, not all of them digits'
/** Names are printed and logged, and must not be confused with a plan's number. */
export const planName = matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, NAME)
  .refine((name) => !/^\d+$/.test(name), `must be ${NAME}`)
  .refine(
    (name) => maskPhoneNumbersIn(name) === name,
    'must not hold a phone number: names are printed and logged',
  )

const CRON = "five fields: minute, hour, day of the month, month, day of the week, such as '0 9 25 * *'"
const cron = z.string({ error: `must be ${CRON}` }).transform((text, context) => {
  const schedule = text.length > 200 ? null : parseCron(text)
  if (schedule !== null) return schedule
  context.addIssue({ code: 'custom', message: `must be ${CRON}` })
  return z.NEVER
})

const monthly = z.strictObject(
  {
    day: wholeNumber(1, 31, 'a day of the month, 1 to 31').describe(
      'or the last day where a month has none such',
    ),
    weekend: oneOf(WEEKENDS)
      .describe('what becomes of a day that falls on a Saturday, a Sunday or a holiday')
      .default('keep'),
    at: matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of the day such as 09:00')
      .describe('the time of the day')
      .default('09:00'),
  },
  { error: fieldError('must be an object with a day') },
)

const schedule = z
  .strictObject(
    { cron: cron.describe(CRON).optional(), monthly: monthly.describe('once a month').optional() },
    { error: fieldError('must be an object with either cron or monthly') },
  )
  .refine((given) => (given.cron === undefined) !== (given.monthly === undefined), {
    error: 'must have exactly one of cron and monthly',
  })

const MINUTES = { m: 1, h: 60, d: 24 * 60 } as const
const LONGEST_MINUTES = 366 * MINUTES.d
const SPAN = 'minutes, hours or days up to a year, such as 30m, 12h or 7d'
/** `30m`, `12h` or `7d` as minutes. */
const span = matching(/^[1-9]\d{0,5}[mhd]$/, SPAN).transform((text, context) => {
  const minutes = Number(text.slice(0, -1)) * MINUTES[text.slice(-1) as keyof typeof MINUTES]
  if (minutes <= LONGEST_MINUTES) return minutes
  context.addIssue({ code: 'custom', message: `must be ${SPAN}` })
  return z.NEVER
})

/** Minutes in the spelling of requests: `90m`, `12h`, `7d`. */
export function formatSpan(minutes: number): string {
  if (minutes % MINUTES.d === 0) return `${minutes / MINUTES.d}d`
  return minutes % MINUTES.h === 0 ? `${minutes / MINUTES.h}h` : `${minutes}m`
}

const ZONE = 'a time zone such as Asia/Jakarta, Asia/Makassar or Asia/Jayapura'
const moment = matching(
  /^20\d\d-\d\d-\d\d(T([01]\d|2[0-3]):[0-5]\d)?$/,
  'a day such as 2026-02-25, or a time such as 2026-02-25T09:00',
)

const everyPlan = {
  name: planName.describe('what to call it'),
  schedule: schedule.describe('when it is due'),
  time_zone: z
    .string({ error: `must be ${ZONE}` })
    .max(64, `must be ${ZONE}`)
    .refine(isTimeZone, `must be ${ZONE}`)
    .describe('of the schedule, from and to')
    .default('Asia/Jakarta'),
  from: moment.describe('not due before it: a day or a time by the wall of the zone').optional(),
  to: moment.describe('not due after it: a day to its end, or up to a time').optional(),
  count: wholeNumber(1, 999_999).describe('due so many times in all, skipped ones included').optional(),
  missed: oneOf(MISSED_POLICIES)
    .describe('what was due while no scheduler ran: skip it, run it once, or run all of it')
    .default('run_once'),
  max_age: span.describe('give up what could not be started for so long: 30m, 12h, 7d').prefault('1d'),
  overlap: oneOf(OVERLAP_POLICIES)
    .describe('what is due while the run before is under way: skip it, let it wait, or allow it beside')
    .default('skip'),
}

/** A plan of an order. The order is validated where orders are parsed. */
export const orderPlan = z.strictObject(
  {
    ...everyPlan,
    order: z.unknown(),
    deadline: span.describe('how long after its start an order may be confirmed; 15m by default').optional(),
  },
  { error: fieldError('must be an object') },
)

const FAILURES = 'must be a whole number above 0, or a share such as 5%'

/** A plan of an approved batch. */
export const batchPlan = z.strictObject(
  {
    ...everyPlan,
    batch_id: wholeNumber(1, 999_999_999, "a batch's number").describe(
      'an approved batch, of which each run makes a copy',
    ),
    rate_per_second: wholeNumber(1, MAX_RATE_PER_SECOND)
      .describe('rows sent per second at most')
      .default(DEFAULT_RATE_PER_SECOND),
    stop_after_failures: z
      .union([z.int().min(1).max(999_999_999), z.string().regex(/^([1-9]|[1-9]\d|100)%$/)], {
        error: FAILURES,
      })
      .describe('pause a copy after so many rows, or so many of all its rows, failed or are in doubt')
      .optional(),
  },
  { error: fieldError('must be an object') },
)

function fieldError(expected: string) {
  return ({ code }: { code?: string | undefined }) =>
    code === 'unrecognized_keys' ? 'is not a field here' : expected
}
