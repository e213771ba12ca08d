import { z } from 'zod'
import { count as countOf, time } from '../../http/field-schemas.ts'
import { nextPage } from '../../http/paging.ts'
import { badRow } from '../../http/problem-schema.ts'
import { BATCH_STATES } from '../lifecycle.ts'

/** What is answered about batches. */
export const batchState = z
  .enum(BATCH_STATES)
  .meta({ id: 'BatchState', description: 'The state of a batch. Closed' })
const reason = z
  .string()
  .describe('the code of the last change of state: docs/batches.md. Open: more codes may be added')
export const contentHash = z.string().describe('the hash of its rows: what is approved is what runs')
export const batchNumber = z.int().describe("the batch's number")

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
