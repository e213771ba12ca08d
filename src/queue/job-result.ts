import { UnrecoverableError } from 'bullmq'
import type { Execution } from '../orders/execute.ts'
import type { OrderState } from '../orders/lifecycle.ts'

/** Everything that can become of a job. */
export type JobOutcome =
  | { readonly is: 'executed'; readonly orderId: string; readonly execution: Execution }
  /** Malformed, in conflict with an earlier order, or about an order that does not exist. */
  | { readonly is: 'refused'; readonly reason: string }
  /** Postgres was away, or something unforeseen: the job must not be lost for it. */
  | { readonly is: 'trouble'; readonly reason: string; readonly delayMs: number }

/** What a finished job returns to whoever waits for it. */
export interface JobResult {
  readonly orderId: string
  readonly state: OrderState
  readonly reason: string
}

/** Tells BullMQ to bring the job back after a delay. */
export class RetryLater extends Error {
  override name = 'RetryLater'
  readonly delayMs: number

  constructor(reason: string, delayMs: number) {
    super(reason)
    this.delayMs = delayMs
  }
}

/** The one place that turns an outcome into what BullMQ does: complete, fail for good, or come back. */
export function answerQueue(outcome: JobOutcome): JobResult {
  switch (outcome.is) {
    case 'refused':
      throw new UnrecoverableError(outcome.reason)
    case 'trouble':
      throw new RetryLater(outcome.reason, outcome.delayMs)
    case 'executed':
      return answerExecution(outcome.orderId, outcome.execution)
  }
}

function answerExecution(orderId: string, execution: Execution): JobResult {
  switch (execution.is) {
    case 'ended':
    case 'left':
      return { orderId, state: execution.state, reason: execution.reason }
    case 'later':
      throw new RetryLater(execution.trouble, execution.delayMs)
  }
}

/**
 * Job options are the partner's, and BullMQ's default is one attempt: a price change or a database restart would then
 * fail the job for good. How often an order is tried is the order's business (its deadline), so a job that is picked up
 * gets as many attempts as it takes, with the delay that {@link RetryLater} carries.
 */
export function letOrderDecideRetries(jobOptions: {
  attempts?: number
  backoff?: unknown
  stackTraceLimit?: number
}): void {
  jobOptions.attempts = Number.MAX_SAFE_INTEGER
  jobOptions.backoff = { type: 'retry_later' }
  jobOptions.stackTraceLimit = 1
}

/** BullMQ's custom backoff: the delay in milliseconds, or -1 to fail for good. */
export function retryDelay(_attemptsMade: number, _type?: string, error?: Error): number {
  return error instanceof RetryLater ? Math.round(error.delayMs) : -1
}
