import type { OrderKind } from '../orders/command.ts'
import type { OrderContent } from '../orders/submission.ts'

/** One order, the same at every due time, in the spelling that Postgres stores. */
export interface OrderSource {
  readonly is: 'order'
  readonly kind: OrderKind
  readonly phone_number: string
  readonly content: OrderContent
}

/** An approved batch, copied at every due time, in the spelling that Postgres stores. */
export interface BatchSource {
  readonly is: 'batch'
  readonly batch_id: number
  readonly rate_per_second: number
  readonly stop_after_failures: number | null
}

/** What a run sends: a source of orders whose references follow from the plan and the due time. */
export type PlanSource = OrderSource | BatchSource
