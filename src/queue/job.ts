import { z } from 'zod'
import { readFields } from '../core/field-problems.ts'
import { InvalidOrderError, parseSubmission, type Submission } from '../orders/submission.ts'

/** The request of a job: a new order, or waking a stored one. */
export type JobRequest =
  | { readonly is: 'order'; readonly submission: Submission }
  | { readonly is: 'wake'; readonly orderId: string }

/** Name of the jobs that wake a stored order. Only their data matters. */
export const WAKE_JOB = 'wake'

const wakeData = z.strictObject({ orderId: z.uuid() })

/**
 * Reads a job strictly: its name is the kind, its data the order; or its data is `{ orderId }` alone.
 * @throws InvalidOrderError naming the bad field
 */
export function parseJob(name: unknown, data: unknown): JobRequest {
  if (isRecord(data) && Object.hasOwn(data, 'orderId')) {
    const wake = readFields(wakeData, data, 'data')
    if (wake.is === 'refused')
      throw new InvalidOrderError('orderId', 'must be an order id, without other fields')
    return { is: 'wake', orderId: wake.data.orderId }
  }
  return { is: 'order', submission: parseSubmission(name, data) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
