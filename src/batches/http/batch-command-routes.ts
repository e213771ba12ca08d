import { type AnyRoute, route } from '../../http/route.ts'
import { approvePartnerBatch, movePartnerBatch, runPartnerBatch } from './batch-commands.ts'
import { APPROVED, CANCELLED, CHECKED, PAUSED, RESUMED, RUNNING } from './batch-examples.ts'
import { approveBody, batchAnswer, nothing, oneBatch, runBody } from './batch-schemas.ts'

const batchAfter = (description: string, example: typeof CHECKED) => ({
  200: { description, schema: batchAnswer, example },
})

const MOVE_PROBLEMS = ['not_found', 'batch_state'] as const
/** Of moves that let rows be sent: the rows are looked at. */
const SENDING_PROBLEMS = [...MOVE_PROBLEMS, 'batch_changed'] as const

const MOVES = [
  {
    name: 'pauseBatch',
    path: 'pause',
    summary: 'Keep the unsent rows of a running batch back',
    example: PAUSED,
    problems: MOVE_PROBLEMS,
  },
  {
    name: 'resumeBatch',
    path: 'resume',
    summary: 'Let a paused batch go on',
    example: RESUMED,
    problems: SENDING_PROBLEMS,
  },
  {
    name: 'cancelBatch',
    path: 'cancel',
    summary: 'End a batch; unsent rows are never sent',
    example: CANCELLED,
    problems: MOVE_PROBLEMS,
  },
] as const

/** What a holder does with a batch. */
export const BATCH_MOVE_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'approveBatch',
    method: 'POST',
    path: '/v1/batches/{id}/approve',
    summary: 'Approve a batch that another holder sent',
    description: 'Name the content hash of the preview that you looked at. Safe to repeat.',
    scope: 'approve',
    params: oneBatch,
    query: nothing,
    body: approveBody,
    bodyExamples: { 'what was looked at': { content_hash: CHECKED.content_hash } },
    answers: batchAfter('The batch is approved', APPROVED),
    problems: [...SENDING_PROBLEMS, 'second_person_needed'],
    handle: ({ params, body }, call) => approvePartnerBatch(params.id, body.content_hash ?? null, call),
  }),
  route({
    name: 'runBatch',
    method: 'POST',
    path: '/v1/batches/{id}/run',
    summary: 'Let an approved batch run, now or from a time on',
    description: 'Before its time has come it can be said again with other settings: the last word counts.',
    scope: 'batches:write',
    params: oneBatch,
    query: nothing,
    body: runBody,
    bodyExamples: { 'at once': {}, slowly: { rate_per_second: 2, stop_after_failures: '5%' } },
    answers: batchAfter('The batch runs, or will', RUNNING),
    problems: SENDING_PROBLEMS,
    handle: ({ params, body }, call) => runPartnerBatch(params.id, body, call),
  }),
  ...MOVES.map(({ name, path, summary, example, problems }) =>
    route({
      name,
      method: 'POST',
      path: `/v1/batches/{id}/${path}`,
      summary,
      description: 'What was sent goes on: orders of it are cancelled one by one. Safe to repeat.',
      scope: 'batches:write',
      params: oneBatch,
      query: nothing,
      body: nothing,
      answers: batchAfter(`The batch is ${example.state}`, example),
      problems,
      handle: ({ params }, call) => movePartnerBatch(path, params.id, call),
    }),
  ),
]
