import { createHash } from 'node:crypto'
import { z } from 'zod'
import { maskKtp, maskNumbersIn, maskPhoneNumber, maskPhoneNumbersIn } from '../domain/masking.ts'
import { InvalidOrderError, parseSubmission, type Submission } from '../domain/submission.ts'

/** What a job asks for: a new order, or that a stored one is looked at. */
export type JobRequest =
  | { readonly is: 'order'; readonly submission: Submission }
  | { readonly is: 'wake'; readonly orderId: string }

/** Name of the jobs that wake a stored order. Only their data counts. */
export const WAKE_JOB = 'wake'

const wakeData = z.strictObject({ orderId: z.uuid() })

/**
 * Reads a job strictly: its name is the kind, its data the order; or its data is `{ orderId }` alone.
 * @throws InvalidOrderError naming the bad field
 */
export function parseJob(name: unknown, data: unknown): JobRequest {
  if (isRecord(data) && Object.hasOwn(data, 'orderId')) {
    const wake = wakeData.safeParse(data)
    if (!wake.success) throw new InvalidOrderError('orderId', 'must be an order id, and stand alone')
    return { is: 'wake', orderId: wake.data.orderId }
  }
  return { is: 'order', submission: parseSubmission(name, data) }
}

/** A refused job as `rejected_jobs` keeps it: who sent it as far as that can be told, and its data masked and cut. */
export interface RejectedJob {
  readonly jobId: string
  readonly jobName: string
  readonly partner: string | null
  readonly reference: string | null
  readonly field: string
  readonly reason: string
  readonly maskedData: string
  readonly dataHash: string
}

const KEPT_CHARACTERS = 2_000

/** Describes a job that is refused for good. */
export function rejectedJob(
  job: { id?: string | undefined; name: unknown; data: unknown },
  error: InvalidOrderError,
): RejectedJob {
  const data = isRecord(job.data) ? job.data : {}
  return {
    jobId: storable(job.id, 200) ?? '',
    jobName: storable(job.name, 64) ?? '',
    partner: storable(data.partner, 63),
    reference: storable(data.reference, 128),
    field: error.field,
    reason: error.message,
    maskedData: maskedJson(job.data).slice(0, KEPT_CHARACTERS),
    dataHash: createHash('sha256')
      .update(`${String(job.name)}\n${JSON.stringify(job.data)}`)
      .digest('hex'),
  }
}

const MASKS: Readonly<Record<string, (value: string) => string>> = {
  phone_number: maskPhoneNumber,
  recipient: maskPhoneNumber,
  ktp: maskKtp,
}

/** Job data as JSON with everything personal masked: by field, and by shape wherever else it turns up. */
function maskedJson(data: unknown): string {
  const json = JSON.stringify(data, (key, value: unknown) => {
    if (key === 'address' && value !== null) return '(masked)'
    const mask = MASKS[key]
    return mask !== undefined && value !== null ? mask(String(value)) : value
  })
  return maskNumbersIn(json ?? 'undefined')
}

/** A text that Postgres and a terminal can take, or null. */
function storable(value: unknown, max: number): string | null {
  if (typeof value !== 'string' || value.length > max * 4) return null
  return maskPhoneNumbersIn(value.toWellFormed().replace(/\p{Cc}/gu, '?')).slice(0, max)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
