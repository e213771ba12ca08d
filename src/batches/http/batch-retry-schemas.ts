import { z } from 'zod'
import { count as countOf } from '../../http/field-schemas.ts'
import { RETRY_REASONS } from '../retry-reasons.ts'
import { batchAnswer } from './batch-answer-schemas.ts'

export const retryBody = z
  .strictObject({
    reasons: z
      .array(z.enum(RETRY_REASONS))
      .min(1)
      .max(RETRY_REASONS.length)
      .describe('only rows that ended with these states or reasons; every failed row when left out')
      .optional(),
    deadline: z.iso
      .datetime({ offset: true })
      .refine((value) => Math.floor(new Date(value).getUTCFullYear() / 1_000) === 2)
      .transform((text) => new Date(text))
      .describe('the deadline of every new row; when left out, each keeps its own')
      .optional(),
  })
  .meta({ id: 'BatchRetryRequest', description: 'Which failed rows are retried' })
export type RetryBody = z.infer<typeof retryBody>

export const retryAnswer = z
  .strictObject({
    batch: batchAnswer.describe('the new batch'),
    left_out: z
      .record(z.string(), countOf('rows'))
      .describe(
        'how many rows of the old batch are not retried, by why: docs/api.md. Open: more codes may be added',
      ),
  })
  .meta({ id: 'BatchRetry', description: 'The batch that retries failed rows' })
