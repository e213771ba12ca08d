import { UnrecoverableError } from 'bullmq'
import type { Execution } from '../orders/end-run.ts'
import type { OrderState } from '../orders/lifecycle.ts'

/** Every outcome of a job. */
export type JobOutcome =
  | { readonly is: 'executed'; readonly orderId: string; readonly execution: Execution }
  /** Malformed, in conflict with an earlier order, or names an order that does not exist. */
  | { readonly is: 'refused'; readonly reason: string }
  /** Postgres was unavailable, or an unexpected error: the job must be run again. */
  | { readonly is: 'trouble'; readonly reason: string; readonly delayMs: number }

/** The return value of a finished job. */
export interface JobResult {
  readonly orderId: string
  readonly state: OrderState
  /** The order's reason; `waits_for_turn` when an order of its wallet goes first. */
  readonly reason: string
}

/** Makes BullMQ run the job again after a delay. */
export class RetryLater extends Error {
  override name = 'RetryLater'
  readonly delayMs: number

  constructor(reason: string, delayMs: number) {
    super(reason)
    this.delayMs = delayMs
  }
}

/** The only place that turns an outcome into what BullMQ does: complete, fail permanently, or run again. */
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
    case 'waiting':
      return { orderId, state: 'accepted', reason: 'waits_for_turn' }
    case 'later':
      throw new RetryLater(execution.trouble, execution.delayMs)
  }
}

/**
 * Overrides the retries in the job's options, which the partner sets. BullMQ's default is one attempt: a price change or a
 * database restart would fail the job permanently. The order's deadline bounds the retries instead, and {@link RetryLater}
 * has the delay.
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

/** BullMQ's custom backoff: the delay in milliseconds, or -1 to fail permanently. */
export function retryDelay(_attemptsMade: number, _type?: string, error?: Error): number {
  return error instanceof RetryLater ? Math.round(error.delayMs) : -1
}
