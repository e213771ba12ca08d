import { z } from 'zod'
import { onTheWire } from '../../http/json-schema.ts'
import { paging } from '../../http/paging.ts'
import { MAX_RATE_PER_SECOND } from '../commands.ts'
import { BATCH_STATES } from '../lifecycle.ts'

/** The queries and bodies of requests about batches. docs/batches.md describes the rows of a file. */
/** A batch's number in a path or a query, where everything is text. */
const batchNumberAsText = (about: string) =>
  onTheWire(
    z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number)
      .describe(about),
    { type: 'integer', minimum: 1, maximum: 999_999_999 },
  )

export const oneBatch = z.strictObject({ id: batchNumberAsText("the batch's number") })

/** The query of an upload. */
export const fileQuery = z.strictObject({
  file_name: z
    .string()
    .min(1)
    .max(120)
    .refine((name) => /^\P{C}*$/u.test(name) && name.isWellFormed())
    .describe('the name of the file, for people; phone numbers in it are masked')
    .optional(),
})

export const batchListing = z.strictObject({
  state: z.enum(BATCH_STATES).describe('only batches in this state').optional(),
  retry_of: batchNumberAsText('only batches that retry rows of this batch').optional(),
  ...paging('batches'),
})

export const approveBody = z
  .strictObject({
    content_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('of the preview that you looked at: 409 when the batch has another')
      .optional(),
  })
  .meta({ id: 'BatchApproval', description: 'Which rows were reviewed' })

export const runBody = z
  .strictObject({
    at: z.iso
      .datetime({ offset: true })
      .refine((value) => Math.floor(new Date(value).getUTCFullYear() / 1_000) === 2)
      .transform((text) => new Date(text))
      .describe('the time from which on it runs; now when left out')
      .optional(),
    rate_per_second: z
      .int()
      .min(1)
      .max(MAX_RATE_PER_SECOND)
      .describe('the highest number of rows sent per second; 20 when left out')
      .optional(),
    stop_after_failures: z
      .union([z.int().min(1).max(999_999_999), z.string().regex(/^([1-9]\d?|100)%$/)])
      .describe('pause once this number, or this percentage of all rows, failed or are in doubt')
      .optional(),
  })
  .meta({ id: 'BatchRun', description: 'When and how a batch runs' })
export type RunBody = z.infer<typeof runBody>

/** An empty query or body. */
export const nothing = z.strictObject({})
