import { z } from 'zod'
import { count as countOf, grams as gramsOf, maskedWallet, time } from '../../http/field-schemas.ts'
import { onTheWire } from '../../http/json-schema.ts'
import { nextPage, paging } from '../../http/paging.ts'
import { badRow } from '../../http/problem-schema.ts'
import { orderKind } from '../../orders/http/order-schemas.ts'
import { MAX_RATE_PER_SECOND } from '../commands.ts'
import { BATCH_STATES } from '../lifecycle.ts'

/** The HTTP schemas of batches. docs/batches.md describes the rows of a file. */
const rupiahDigits = (meaning: string) =>
  z
    .string()
    .regex(/^\d+$/)
    .describe(`${meaning}: whole rupiah as text, for a sum may have more digits than a number holds`)
const rupiahSum = z.strictObject({
  stated: rupiahDigits('what the rows state'),
  estimated: rupiahDigits('what their weights come to at the price').nullable(),
  total: rupiahDigits('both together; null when the price is not known').nullable(),
})
const batchState = z
  .enum(BATCH_STATES)
  .meta({ id: 'BatchState', description: 'The state of a batch. Closed' })
const reason = z
  .string()
  .describe('the code of the last change of state: docs/batches.md. Open: more codes may be added')
const contentHash = z.string().describe('the hash of its rows: what is approved is what runs')
const batchNumber = z.int().describe("the batch's number")

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

export const reportAnswer = z
  .strictObject({
    rows: countOf('rows of the file'),
    bad_rows: countOf('rows with a problem'),
    problem_count: countOf('problems of all rows'),
    problems: z.array(badRow).max(1_000).describe('the first 1000'),
  })
  .meta({ id: 'BatchReport', description: 'The problems of a batch file' })

const batchFields = {
  id: batchNumber,
  file_name: z.string().describe('the name that you gave its file'),
  state: batchState,
  reason,
  rows: countOf('rows of the file'),
  content_hash: contentHash,
  created_at: time('when it was sent'),
  created_by: z.string().describe('the holder of the key that sent it: `<partner>/<holder>`'),
  approved_by: z.string().nullable().describe('the holder that approved it, or `operator`'),
  run_at: time('from when on it runs').nullable(),
  rate_per_second: z.int().nullable().describe('the highest number of rows sent per second'),
  stop_after_failures: z.int().nullable().describe('failures after which it pauses'),
  started_at: time('when its first row was sent').nullable(),
  ended_at: time('when its last row ended').nullable(),
  sent: countOf('rows that are orders or ended as a conflict, when rows were last sent'),
  ended: countOf('rows that have ended'),
  failed: countOf('rows that are rejected, expired, cancelled, in conflict or in doubt'),
  copied_from: z.int().nullable().describe('the batch of which a plan made this copy'),
  retry_of: z.int().nullable().describe('the batch whose failed rows it retries'),
}

export const batchAnswer = z
  .strictObject(batchFields)
  .meta({ id: 'Batch', description: 'A batch as it is now' })
export type BatchAnswerBody = z.infer<typeof batchAnswer>

export const batchProgressAnswer = z
  .strictObject({
    ...batchFields,
    progress: z
      .strictObject({
        succeeded: countOf('rows whose order succeeded'),
        failed: countOf('rows that are rejected, expired, cancelled or in conflict'),
        in_doubt: countOf('rows whose order is in doubt'),
        under_way: countOf('rows whose order has not ended'),
        waiting: countOf('rows that are not sent yet'),
        not_sent: countOf('rows that will never be sent'),
        rows_per_second: z.number().min(0).describe('rows that ended per second'),
        seconds_left: z.int().min(0).nullable().describe('null when it is not known'),
      })
      .meta({ id: 'BatchCounts', description: 'Counted from the orders at the time of the request' }),
  })
  .meta({ id: 'BatchWithProgress', description: 'A batch and its progress' })

export const batchesAnswer = z
  .strictObject({ batches: z.array(batchAnswer).describe('the newest first'), next: nextPage })
  .meta({ id: 'BatchPage', description: 'A page of batches' })

const previewTotal = z
  .strictObject({
    to_pay: rupiahSum.describe('what its buys pay'),
    to_receive: rupiahSum.describe('what its sells yield'),
    moved_grams: gramsOf('the gold that transfers and withdrawals take out of wallets'),
    moved_worth: rupiahDigits('what this gold would cost to buy').nullable(),
  })
  .describe('one total for whoever approves. Fees are not in it: they are not known before the checkout')

export const previewAnswer = z
  .strictObject({
    id: batchNumber,
    state: batchState,
    rows: countOf('rows of the file'),
    content_hash: contentHash,
    price_per_gram: z
      .strictObject({
        buy: z.int().nullable().describe('what a customer pays, whole rupiah'),
        sell: z.int().nullable().describe('what a customer gets, whole rupiah'),
      })
      .describe('null when it is not known'),
    price_of_day: z
      .strictObject({
        buy: z.iso.date().nullable().describe('the day of the buying price'),
        sell: z.iso.date().nullable().describe('the day of the selling price'),
      })
      .describe(
        "the day of a captured price; null for a price of the gateway's current chart, or when it is not known",
      ),
    kinds: z
      .array(
        z.strictObject({
          kind: orderKind,
          rows: countOf('rows of this kind'),
          grams: gramsOf('the sum of the weights in the rows'),
          estimated_grams: gramsOf('what the rupiah in the rows would buy').nullable(),
          rupiah: rupiahDigits('the sum of the amounts in the rows'),
          estimated_rupiah: rupiahDigits(
            'what the grams in the rows would cost or yield, without fees',
          ).nullable(),
          worth_rupiah: rupiahDigits(
            'what the gold of transfers or withdrawals would cost to buy; null for other kinds, or without a price',
          ).nullable(),
        }),
      )
      .describe('sums of each kind of order'),
    total: previewTotal,
    known_orders: countOf('references that are orders with the same content, which are not sent again'),
    conflicts: countOf('references that are orders with other content'),
    overdue: countOf('rows whose deadline has passed'),
    repeated_wallets: countOf('wallets that more than one row has'),
    top_wallets: z
      .array(z.strictObject({ phone_number: maskedWallet, rows: countOf('its rows') }))
      .describe('the wallets with the most rows'),
    largest: z
      .array(
        z.strictObject({
          row: z.int().min(1).describe('the number of the row, from 1'),
          reference: z.string().describe('your own id of the order'),
          kind: orderKind,
          grams: z.string().nullable().describe('the weight in the row'),
          rupiah: rupiahDigits('the amount in the row').nullable(),
          estimated_rupiah: rupiahDigits('what its weight would cost, yield or be worth').nullable(),
        }),
      )
      .describe('the ten rows with the most rupiah, stated or estimated'),
  })
  .meta({ id: 'BatchPreview', description: 'What a batch would do' })

export const batchEventsAnswer = z
  .strictObject({
    events: z
      .array(
        z
          .strictObject({
            at: time('when the state changed'),
            from: batchState.nullable().describe('null: it was created'),
            to: batchState,
            reason: z
              .string()
              .describe('the code of this change: docs/batches.md. Open: more codes may be added'),
            by: z.string().describe('partner, person (an operator), feeder or plan'),
            holder: z.string().nullable().describe('the holder of the key, when a partner made the move'),
            row: z.int().nullable().describe('the row that paused the batch, if one did'),
            limit: z.string().nullable().describe('the limit that this row breaks, if one did'),
          })
          .meta({ id: 'BatchEvent', description: 'A change of the state of a batch' }),
      )
      .describe('the oldest first'),
  })
  .meta({ id: 'BatchHistory', description: 'Every change of the state of a batch' })

/** An approved batch in an answer, with what its approver let go out. */
export const approvedBatchAnswer = batchAnswer
  .extend({ total: previewTotal })
  .meta({ id: 'ApprovedBatch', description: 'A batch that was approved, and its total' })
