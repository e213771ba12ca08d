import type { RunSettings } from '../../batches/commands.ts'
import { Failure } from '../../cli/failure.ts'
import { InvalidTermsError, type PlanRequest, readPlanRequest } from '../read-terms.ts'

/** The options of `goldpro plan add` that say what the plan is. */
export interface PlanRequestOptions {
  readonly order?: string
  readonly batch?: number
  readonly rate?: number
  readonly stopAfterFailures?: RunSettings['stopAfter']
  readonly cron?: string
  readonly monthly?: string
  readonly weekend?: string
  readonly at?: string
  readonly zone: string
  readonly from?: string
  readonly to?: string
  readonly count?: string
  readonly missed: string
  readonly maxAge: string
  readonly overlap: string
  readonly deadline?: string
}

/** Options that a field of a plan is given by. */
const OPTIONS: Readonly<Record<string, string>> = {
  name: '<name>',
  'schedule.cron': '--cron',
  'schedule.monthly.day': '--monthly',
  'schedule.monthly.at': '--at',
  time_zone: '--zone',
  max_age: '--max-age',
}

/** Reads the options as every plan is read. */
export function readPlanOptions(name: string, options: PlanRequestOptions): PlanRequest {
  try {
    return readPlanRequest({ name, ...whatOf(options), ...whenOf(options) })
  } catch (error) {
    if (!(error instanceof InvalidTermsError)) throw error
    const problems = error.problems.map(
      ({ field, problem }) => `${OPTIONS[field] ?? `--${field}`} ${problem}`,
    )
    throw new Failure(2, problems.join('; '))
  }
}

function whatOf({ order, batch, rate, stopAfterFailures = null, deadline }: PlanRequestOptions): object {
  if (batch !== undefined && order === undefined) {
    if (deadline !== undefined) throw new Failure(2, '--deadline goes with --order')
    const { is, value } = stopAfterFailures ?? {}
    const stop = is === 'percent' ? `${value}%` : value
    return given({ batch_id: batch, rate_per_second: rate, stop_after_failures: stop })
  }
  if (order === undefined || batch !== undefined) throw new Failure(2, 'say what: either --order or --batch')
  if (rate !== undefined || stopAfterFailures !== null)
    throw new Failure(2, '--rate and --stop-after-failures go with --batch')
  return given({ order, deadline })
}

function whenOf(options: PlanRequestOptions): object {
  const { cron, monthly, weekend, at, zone, from, to, count, missed, maxAge, overlap } = options
  if ((cron === undefined) === (monthly === undefined))
    throw new Failure(2, 'say when: either --cron or --monthly')
  if (cron !== undefined && (weekend !== undefined || at !== undefined))
    throw new Failure(2, '--at and --weekend go with --monthly: --cron says its times itself')
  const schedule = cron === undefined ? { monthly: given({ day: numberIn(monthly), weekend, at }) } : { cron }
  const bounds = given({ from, to, count: numberIn(count) })
  return { schedule, time_zone: zone, ...bounds, missed, max_age: maxAge, overlap }
}

/** What was given of some fields. */
export function given(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** The number, if the text is one; the reader refuses any other text. */
function numberIn(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text
}
