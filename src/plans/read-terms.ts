import type { z } from 'zod'
import { stopAfterOf } from '../batches/commands.ts'
import { describeProblems, type FieldProblem, readFields } from '../core/field-problems.ts'
import { parseOnTheWall, type WallClock, wallClockOf } from '../core/time-zone.ts'
import type { BatchPlanRequest } from './batch-source.ts'
import type { PlanTerms } from './plan.ts'
import type { Schedule } from './schedule.ts'
import { batchPlan, orderPlan } from './terms.ts'

/** Every problem of a plan from outside. Names fields and what they may be, never their values. */
export class InvalidTermsError extends Error {
  override name = 'InvalidTermsError'
  readonly field: string
  /** What is expected, without the field. */
  readonly problem: string
  /** All of them; the first is that of `field`. */
  readonly problems: readonly FieldProblem[]

  constructor(field: string, problem: string, others: readonly FieldProblem[] = []) {
    const problems = [{ field, problem }, ...others]
    super(describeProblems(problems))
    this.field = field
    this.problem = problem
    this.problems = problems
  }
}

/** The terms that plans of orders and of batches share. */
export type CommonTerms = Omit<PlanTerms, 'owner' | 'partner' | 'source' | 'deadlineMinutes'>

/** The terms of a plan, and what it runs: an order, which is not parsed yet, or a batch. */
export type PlanRequest = { readonly terms: CommonTerms } & (
  | { readonly is: 'order'; readonly order: unknown; readonly deadlineMinutes: number | null }
  | ({ readonly is: 'batch' } & BatchPlanRequest)
)

/**
 * Reads a request for a plan. Commands and HTTP use it alike: the only place that decides what a plan may be.
 * @throws InvalidTermsError with every problem
 */
export function readPlanRequest(given: unknown): PlanRequest {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new InvalidTermsError('body', 'must be an object')
  const isOfBatch = Object.hasOwn(given, 'batch_id')
  if (isOfBatch === Object.hasOwn(given, 'order'))
    throw new InvalidTermsError('order', 'must be given, or else batch_id: exactly one of them')
  if (isOfBatch) {
    const read = parsed(batchPlan, given)
    return {
      is: 'batch',
      terms: commonOf(read),
      batchId: read.batch_id,
      ratePerSecond: read.rate_per_second,
      stopAfter: stopAfterOf(read.stop_after_failures),
    }
  }
  const read = parsed(orderPlan, given)
  return { is: 'order', terms: commonOf(read), order: read.order, deadlineMinutes: read.deadline ?? null }
}

function parsed<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const read = readFields(schema, given, 'body')
  if (read.is === 'read') return read.data
  const [first, ...others] = read.problems
  throw new InvalidTermsError(first?.field ?? 'body', first?.problem ?? 'must be an object', others)
}

function commonOf(read: z.output<typeof orderPlan> | z.output<typeof batchPlan>): CommonTerms {
  if (read.missed === 'run_all' && read.overlap === 'skip')
    throw new InvalidTermsError(
      'overlap',
      'must be wait or allow when missed is run_all, which makes up for several at once',
    )
  return {
    name: read.name,
    schedule: scheduleOf(read.schedule),
    timeZone: read.time_zone,
    ...periodOf(read, wallClockOf(read.time_zone)),
    maxCount: read.count ?? null,
    missed: read.missed,
    maxAgeMinutes: read.max_age,
    overlap: read.overlap,
  }
}

function scheduleOf({ cron, monthly }: z.output<typeof orderPlan>['schedule']): Schedule {
  if (cron !== undefined) return cron
  if (monthly !== undefined) return { is: 'monthly', ...monthly }
  throw new InvalidTermsError('schedule', 'must have exactly one of cron and monthly')
}

/** A day as `to` means its end. */
function periodOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  clock: WallClock,
): { startsAt: Date | null; endsAt: Date | null } {
  const read = (field: string, text: string) => {
    const moment = parseOnTheWall(text, clock)
    if (moment !== null) return moment
    throw new InvalidTermsError(
      field,
      'must be a day such as 2026-02-25, or a time such as 2026-02-25T09:00, that there is',
    )
  }
  const startsAt = from === undefined ? null : read('from', from)
  if (to === undefined) return { startsAt, endsAt: null }
  const end = read('to', to)
  return { startsAt, endsAt: to.includes('T') ? end : clock.momentOf(clock.localOf(end) + 86_400_000) }
}
