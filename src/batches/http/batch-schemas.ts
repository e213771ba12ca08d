import { z } from 'zod'
import { paging } from '../../http/paging.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { MAX_RATE_PER_SECOND } from '../commands.ts'
import { BATCH_STATES } from '../lifecycle.ts'

/** The HTTP schemas of batches. docs/batches.md describes the rows of a file. */
const time = z.iso.datetime()
const count = z.int().min(0)
const grams = z.string().regex(/^\d+\.\d{4}$/)
const rupiahDigits = z.string().regex(/^\d+$/)

export const oneBatch = z.strictObject({
  id: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number)
    .describe("the batch's number"),
})

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
  ...paging('batches'),
})

export const approveBody = z.strictObject({
  content_hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('of the preview that you looked at: 409 when the batch has another')
    .optional(),
})

export const runBody = z.strictObject({
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
export type RunBody = z.infer<typeof runBody>

/** An empty query or body. */
export const nothing = z.strictObject({})

const badRow = z.strictObject({
  row: z.int().min(1),
  line: z.int().min(1).describe('the line of the file on which the row begins'),
  column: z.string().nullable().describe('null for the row as a whole'),
  value: z.string().describe('masked'),
  expected: z.string(),
})

export const reportAnswer = z.strictObject({
  rows: count,
  bad_rows: count,
  problem_count: count,
  problems: z.array(badRow).max(1_000).describe('the first 1000'),
})

const batchFields = {
  id: z.int(),
  file_name: z.string(),
  state: z.enum(BATCH_STATES),
  reason: z.string().describe('the code of the last change of state: docs/batches.md'),
  rows: count,
  content_hash: z.string().describe('the hash of its rows: what is approved is what runs'),
  created_at: time,
  created_by: z.string().describe('the holder of the key that sent it: `<partner>/<holder>`'),
  approved_by: z.string().nullable().describe('the holder that approved it, or `operator`'),
  run_at: time.nullable(),
  rate_per_second: z.int().nullable(),
  stop_after_failures: z.int().nullable(),
  started_at: time.nullable(),
  ended_at: time.nullable(),
  sent: count.describe('rows that are orders or ended as a conflict, when rows were last sent'),
  ended: count,
  failed: count.describe('rows that are rejected, expired, cancelled, in conflict or in doubt'),
  copied_from: z.int().nullable().describe('the batch of which a plan made this copy'),
}

export const batchAnswer = z.strictObject(batchFields)
export type BatchAnswerBody = z.infer<typeof batchAnswer>

export const batchProgressAnswer = z.strictObject({
  ...batchFields,
  progress: z
    .strictObject({
      succeeded: count,
      failed: count,
      in_doubt: count,
      under_way: count,
      waiting: count,
      not_sent: count,
      rows_per_second: z.number().min(0),
      seconds_left: count.nullable().describe('null when it is not known'),
    })
    .describe('counted from the orders at the time of the request'),
})

export const batchesAnswer = z.strictObject({
  batches: z.array(batchAnswer),
  next: z.string().nullable().describe('the cursor of the next page; null on the last'),
})

export const previewAnswer = z.strictObject({
  id: z.int(),
  state: z.enum(BATCH_STATES),
  rows: count,
  content_hash: z.string(),
  price_per_gram: z
    .strictObject({ buy: z.int().nullable(), sell: z.int().nullable() })
    .describe('null when it is not known'),
  price_of_day: z
    .strictObject({ buy: z.iso.date().nullable(), sell: z.iso.date().nullable() })
    .describe(
      "the day of a captured price; null for a price of the gateway's current chart, or when it is not known",
    ),
  kinds: z.array(
    z.strictObject({
      kind: z.enum(ORDER_KINDS),
      rows: count,
      grams,
      estimated_grams: grams.nullable().describe('the grams that the rupiah in the rows would buy'),
      rupiah: rupiahDigits,
      estimated_rupiah: rupiahDigits
        .nullable()
        .describe('what the grams in the rows would cost or yield, without fees'),
    }),
  ),
  known_orders: count.describe('references that are orders with the same content, which are not sent again'),
  conflicts: count.describe('references that are orders with other content'),
  overdue: count.describe('rows whose deadline has passed'),
  repeated_wallets: count,
  top_wallets: z.array(z.strictObject({ phone_number: z.string().describe('masked'), rows: count })),
  largest: z.array(
    z.strictObject({
      row: z.int().min(1),
      reference: z.string(),
      kind: z.enum(ORDER_KINDS),
      grams: z.string().nullable(),
      rupiah: rupiahDigits.nullable(),
    }),
  ),
})

export const batchEventsAnswer = z.strictObject({
  events: z.array(
    z.strictObject({
      at: time,
      from: z.enum(BATCH_STATES).nullable(),
      to: z.enum(BATCH_STATES),
      reason: z.string(),
      by: z.string().describe('partner, person (an operator), feeder or plan'),
      holder: z.string().nullable().describe('the holder of the key, when a partner made the move'),
      row: z.int().nullable().describe('the row that paused the batch, if one did'),
      limit: z.string().nullable().describe('the limit that this row breaks, if one did'),
    }),
  ),
})
