import { type AnyRoute, route } from '../../http/route.ts'
import { batchAnswer } from './batch-answer-schemas.ts'
import { approvePartnerBatch, movePartnerBatch, runPartnerBatch } from './batch-commands.ts'
import {
  APPROVED_WITH_TOTAL,
  CANCELLED,
  CHECKED,
  PAUSED,
  RESUMED,
  RETRIED,
  RUNNING,
} from './batch-examples.ts'
import { approveBody, nothing, oneBatch, runBody } from './batch-input-schemas.ts'
import { approvedBatchAnswer } from './batch-preview-schema.ts'
import { retryPartnerBatch } from './batch-retry.ts'
import { retryAnswer, retryBody } from './batch-retry-schemas.ts'

const batchAfter = (description: string, example: typeof CHECKED) => ({
  200: { description, schema: batchAnswer, example },
})

const MOVE_PROBLEMS = ['not_found', 'batch_state'] as const
/** Moves after which rows are sent also compare the rows with their seal. */
const SENDING_PROBLEMS = [...MOVE_PROBLEMS, 'batch_changed'] as const

const MOVES = [
  {
    name: 'pauseBatch',
    path: 'pause',
    summary: 'Pause a running batch',
    example: PAUSED,
    problems: MOVE_PROBLEMS,
  },
  {
    name: 'resumeBatch',
    path: 'resume',
    summary: 'Resume a paused batch',
    example: RESUMED,
    problems: SENDING_PROBLEMS,
  },
  {
    name: 'cancelBatch',
    path: 'cancel',
    summary: 'Cancel a batch; unsent rows are never sent',
    example: CANCELLED,
    problems: MOVE_PROBLEMS,
  },
] as const

/** The commands of a holder to a batch. */
export const BATCH_MOVE_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'approveBatch',
    method: 'POST',
    path: '/v1/batches/{id}/approve',
    summary: 'Approve a batch that another holder sent',
    description: 'Send the content hash of the preview that you looked at. Safe to repeat.',
    scope: 'approve',
    params: oneBatch,
    query: nothing,
    body: approveBody,
    bodyExamples: { 'what was looked at': { content_hash: CHECKED.content_hash } },
    answers: {
      200: {
        description: 'The batch is approved',
        schema: approvedBatchAnswer,
        example: APPROVED_WITH_TOTAL,
      },
    },
    problems: [...SENDING_PROBLEMS, 'second_person_needed'],
    handle: ({ params, body }, call) => approvePartnerBatch(params.id, body.content_hash ?? null, call),
  }),
  route({
    name: 'runBatch',
    method: 'POST',
    path: '/v1/batches/{id}/run',
    summary: 'Run an approved batch, now or from a given time on',
    description: 'Until the batch has started, it can be run again with other settings. The last ones count.',
    scope: 'batches:write',
    params: oneBatch,
    query: nothing,
    body: runBody,
    bodyExamples: { 'at once': {}, slowly: { rate_per_second: 2, stop_after_failures: '5%' } },
    answers: batchAfter('The batch is running, or scheduled to run', RUNNING),
    problems: SENDING_PROBLEMS,
    handle: ({ params, body }, call) => runPartnerBatch(params.id, body, call),
  }),
  ...MOVES.map(({ name, path, summary, example, problems }) =>
    route({
      name,
      method: 'POST',
      path: `/v1/batches/{id}/${path}`,
      summary,
      description: 'Rows that were sent are orders and go on; cancel those one by one. Safe to repeat.',
      scope: 'batches:write',
      params: oneBatch,
      query: nothing,
      body: nothing,
      answers: batchAfter(`The batch is ${example.state}`, example),
      problems,
      handle: ({ params }, call) => movePartnerBatch(path, params.id, call),
    }),
  ),
  route({
    name: 'retryBatch',
    method: 'POST',
    path: '/v1/batches/{id}/retry',
    summary: 'Make a new batch of the rows that failed',
    description: `Rows whose orders were rejected, expired or cancelled: these executed nothing. Rows in doubt, held or under
way are never retried, nor rows that were retried already, unless that retry failed too. The new batch must be approved.`,
    scope: 'batches:write',
    params: oneBatch,
    query: nothing,
    body: retryBody,
    bodyExamples: { 'every failed row': {}, 'by reason': { reasons: ['expired', 'insufficient_balance'] } },
    answers: {
      201: {
        description: 'The new batch is stored',
        schema: retryAnswer,
        example: RETRIED,
        headers: { Location: 'where the new batch is read' },
      },
    },
    problems: [...MOVE_PROBLEMS, 'too_many_files'],
    handle: ({ params, body }, call) => retryPartnerBatch(params.id, body, call),
  }),
]
