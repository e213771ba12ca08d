import { z } from 'zod'
import { WEEKENDS } from './calendar.ts'
import type { Schedule } from './schedule.ts'
import type { OrderSource } from './source.ts'
import { planName } from './terms.ts'

/** What of a plan is different from a day on. What is null stays as it is. */
export interface PlanChange {
  readonly planId: number
  /** Of the plan that goes on. */
  readonly name: string
  /** The first day of the plan that goes on. */
  readonly fromDay: string
  readonly schedule: Schedule | null
  /** How often the plan that goes on is due; null: without end. */
  readonly maxCount: number | null
  readonly order: {
    readonly partner: string
    readonly source: OrderSource
    readonly deadlineMinutes: number | null
  } | null
  readonly batch: {
    readonly batchId: number
    readonly ratePerSecond: number
    readonly stopAfter: { readonly is: 'count' | 'percent'; readonly value: number } | null
  } | null
}

/** Reads a change that was stored with its request. */
export const planChange = z.strictObject({
  planId: z.int().positive(),
  name: planName,
  fromDay: z.iso.date(),
  schedule: z
    .discriminatedUnion('is', [
      z.strictObject({ is: z.literal('cron'), pattern: z.string() }),
      z.strictObject({
        is: z.literal('monthly'),
        day: z.int().min(1).max(31),
        weekend: z.enum(WEEKENDS),
        at: z.string(),
      }),
    ])
    .nullable(),
  maxCount: z.int().positive().nullable(),
  order: z
    .strictObject({
      partner: z.string(),
      source: z.strictObject({
        is: z.literal('order'),
        kind: z.string(),
        phone_number: z.string(),
        content: z.record(z.string(), z.unknown()),
      }),
      deadlineMinutes: z.int().positive().nullable(),
    })
    .nullable(),
  batch: z
    .strictObject({
      batchId: z.int().positive(),
      ratePerSecond: z.int().positive(),
      stopAfter: z.strictObject({ is: z.enum(['count', 'percent']), value: z.int().positive() }).nullable(),
    })
    .nullable(),
}) as unknown as z.ZodType<PlanChange>
