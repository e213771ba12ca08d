import { z } from 'zod'
import { ORDER_KINDS } from '../../orders/command.ts'
import { planOrderBody, requestAnswer } from '../../orders/http/order-schemas.ts'
import { ORDER_STATES } from '../../orders/lifecycle.ts'
import { BREACHES } from '../../partners/limits.ts'
import { WEEKENDS } from '../calendar.ts'
import { MISSED_POLICIES, OVERLAP_POLICIES, PLAN_STATES, RUN_STATES } from '../lifecycle.ts'
import { batchPlan, orderPlan, planName } from '../terms.ts'

/** Bodies of POST /v1/plans. What they may be is decided by `readPlanRequest`, which reads by the same fields. */
export const planBody = z.union([
  orderPlan
    .extend({ order: planOrderBody.describe('as in POST /v1/orders, without reference and deadline') })
    .describe('of an order'),
  batchPlan.describe('of an approved batch of yours'),
])

export const planParams = z.strictObject({ name: planName.describe("the plan's name") })

export const runNowBody = z.strictObject({
  due_at: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 time with a zone' })
    // Postgres would refuse a time far outside of these years.
    .refine((text) => Math.floor(new Date(text).getUTCFullYear() / 1_000) === 2, 'must be now')
    .transform((text) => new Date(text))
    .describe('now, give or take five minutes; the same time again is the same run'),
})

const time = z.iso.datetime()

/** A plan in an answer. */
export const planAnswer = z.strictObject({
  name: z.string(),
  state: z.enum(PLAN_STATES),
  reason: z.string().describe('the code of the last change of state'),
  order: z
    .strictObject({
      kind: z.enum(ORDER_KINDS),
      phone_number: z.string().describe('the wallet, masked'),
      request: requestAnswer,
    })
    .nullable()
    .describe('null: it runs a batch'),
  batch: z
    .strictObject({
      batch_id: z.int(),
      rate_per_second: z.int(),
      stop_after_failures: z.int().nullable().describe('failures of one copy'),
    })
    .nullable(),
  schedule: z.union([
    z.strictObject({ cron: z.string() }),
    z.strictObject({
      monthly: z.strictObject({ day: z.int(), weekend: z.enum(WEEKENDS), at: z.string() }),
    }),
  ]),
  time_zone: z.string(),
  starts_at: time,
  ends_at: time.nullable().describe('it is due before it; null: without end'),
  count: z.int().nullable(),
  missed: z.enum(MISSED_POLICIES),
  max_age: z.string(),
  overlap: z.enum(OVERLAP_POLICIES),
  deadline: z.string().nullable().describe('null: as long as every order, or each row, has'),
  next_due: z.array(time).max(5).describe('the next five due times'),
  created_at: time,
})
export type PlanAnswer = z.infer<typeof planAnswer>

export const plansAnswer = z.strictObject({
  plans: z.array(planAnswer),
  next: z.string().nullable().describe('the cursor of the next page; null on the last'),
})

/** A due time of a plan in an answer. */
export const runAnswer = z.strictObject({
  due_at: time,
  state: z.enum(RUN_STATES),
  reason: z.string().describe('the code of the last change of state: docs/plans.md'),
  breach: z.enum(BREACHES).nullable().describe('the limit for which it was skipped'),
  order: z
    .strictObject({
      id: z.guid(),
      reference: z.string(),
      state: z.enum(ORDER_STATES),
      reason: z.string(),
    })
    .nullable(),
  batch: z.strictObject({ batch_id: z.int(), state: z.string() }).nullable(),
  started_at: time.nullable(),
  ended_at: time.nullable(),
})
export type RunAnswer = z.infer<typeof runAnswer>

export const runsAnswer = z.strictObject({
  runs: z.array(runAnswer),
  next: z.string().nullable().describe('the cursor of the next page; null on the last'),
})
