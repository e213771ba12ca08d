import { z } from 'zod'
import { maskedWallet, time } from '../../http/field-schemas.ts'
import { open } from '../../http/json-schema.ts'
import { nextPage } from '../../http/paging.ts'
import { orderKind, orderState, requestAnswer } from '../../orders/http/order-answer-schemas.ts'
import { planOrderBody } from '../../orders/http/order-body-schemas.ts'
import { BREACHES } from '../../partners/limits.ts'
import { WEEKENDS } from '../calendar.ts'
import { MISSED_POLICIES, OVERLAP_POLICIES, PLAN_STATES, RUN_STATES } from '../lifecycle.ts'
import { batchPlan, orderPlan, planName } from '../terms.ts'

/** Bodies of POST /v1/plans. What they may be is decided by `readPlanRequest`, which reads by the same fields. */
export const planBody = z
  .union([
    orderPlan
      .extend({ order: planOrderBody.describe('as in POST /v1/orders, without reference and deadline') })
      .meta({ id: 'OrderPlanRequest', description: 'A plan of an order' }),
    batchPlan.meta({ id: 'BatchPlanRequest', description: 'A plan of an approved batch of yours' }),
  ])
  .meta({ id: 'PlanRequest', description: 'A plan of an order, or of a batch' })

export const planParams = z.strictObject({ name: planName.describe("the plan's name") })

export const runNowBody = z
  .strictObject({
    due_at: z.iso
      .datetime({ offset: true, error: 'must be an ISO 8601 time with a zone' })
      // Postgres would refuse a time far outside of these years.
      .refine((text) => Math.floor(new Date(text).getUTCFullYear() / 1_000) === 2, 'must be now')
      .transform((text) => new Date(text))
      .describe('now, give or take five minutes; the same time again is the same run'),
  })
  .meta({ id: 'RunRequest', description: 'A due time beside the schedule' })

const reason = (where: string) =>
  z.string().describe(`the code of the last change of state${where}. Open: more codes may be added`)

/** A plan in an answer. */
export const planAnswer = z
  .strictObject({
    name: z.string().describe("the plan's name"),
    state: z.enum(PLAN_STATES).meta({ id: 'PlanState', description: 'The state of a plan. Closed' }),
    reason: reason(''),
    order: z
      .strictObject({
        kind: orderKind,
        phone_number: maskedWallet,
        request: requestAnswer,
      })
      .nullable()
      .describe('null: it runs a batch'),
    batch: z
      .strictObject({
        batch_id: z.int().describe('the batch of which each run makes a copy'),
        rate_per_second: z.int().describe('the highest number of rows sent per second'),
        stop_after_failures: z.int().nullable().describe('failures of one copy'),
      })
      .nullable()
      .describe('null: it runs an order'),
    schedule: z
      .union([
        z
          .strictObject({
            cron: z.string().describe('minute, hour, day of the month, month, day of the week'),
          })
          .meta({ id: 'CronSchedule', description: 'A schedule as cron writes it' }),
        z
          .strictObject({
            monthly: z
              .strictObject({
                day: z.int().describe('the day of the month'),
                weekend: z
                  .enum(WEEKENDS)
                  .describe('what becomes of a day that falls on a Saturday, a Sunday or a holiday'),
                at: z.string().describe('the time of the day'),
              })
              .describe('once a month'),
          })
          .meta({ id: 'MonthlySchedule', description: 'Once a month' }),
      ])
      .describe('when it is due'),
    time_zone: z.string().describe('of the schedule'),
    starts_at: time('not due before it'),
    ends_at: time('it is due before it; null: without end').nullable(),
    count: z.int().nullable().describe('due so many times in all; null: without end'),
    missed: z.enum(MISSED_POLICIES).describe('what becomes of due times that were missed'),
    max_age: z.string().describe('what could not be started for so long is given up'),
    overlap: z.enum(OVERLAP_POLICIES).describe('what is due while the run before is under way'),
    deadline: z.string().nullable().describe('null: as long as every order, or each row, has'),
    next_due: z
      .array(time('a due time'))
      .max(5)
      .describe('the next five due times, without those that an operator skipped'),
    created_at: time('when it was added'),
  })
  .meta({ id: 'Plan', description: 'A plan as it is now' })
export type PlanAnswer = z.infer<typeof planAnswer>

export const plansAnswer = z
  .strictObject({ plans: z.array(planAnswer).describe('by name'), next: nextPage })
  .meta({ id: 'PlanPage', description: 'A page of plans' })

/** A due time of a plan in an answer. */
export const runAnswer = z
  .strictObject({
    due_at: time('when it was due'),
    state: z.enum(RUN_STATES).meta({ id: 'RunState', description: 'The state of a run. Closed' }),
    reason: reason(': docs/plans.md'),
    breach: open(z.enum(BREACHES), 'the limit for which it was skipped').nullable(),
    order: z
      .strictObject({
        id: z.guid().describe('our id of the order'),
        reference: z.string().describe("the order's reference"),
        state: orderState,
        reason: reason(': docs/lifecycle.md'),
      })
      .nullable()
      .describe('the order that it placed'),
    batch: z
      .strictObject({ batch_id: z.int().describe('its number'), state: z.string().describe('its state') })
      .nullable()
      .describe('the copy that it made'),
    started_at: time('when it was started').nullable(),
    ended_at: time('when it ended').nullable(),
  })
  .meta({ id: 'Run', description: 'A due time of a plan, and what became of it' })
export type RunAnswer = z.infer<typeof runAnswer>

export const runsAnswer = z
  .strictObject({ runs: z.array(runAnswer).describe('the newest first'), next: nextPage })
  .meta({ id: 'RunPage', description: 'A page of due times' })
