import { PAGE, pageOf, readPlace } from '../../http/paging.ts'
import { Problem } from '../../http/problems.ts'
import { type AnyRoute, route } from '../../http/route.ts'
import type { Upload } from '../../http/uploads.ts'
import { listPartnerBatches } from '../partner-batches.ts'
import { readBatchEvents, readProgress } from '../queries.ts'
import { batchAnswerOf, batchEventAnswerOf, previewAnswerOf, progressAnswerOf } from './batch-answer.ts'
import {
  batchAnswer,
  batchEventsAnswer,
  batchesAnswer,
  batchProgressAnswer,
  reportAnswer,
} from './batch-answer-schemas.ts'
import { BATCH_MOVE_ROUTES } from './batch-command-routes.ts'
import {
  BATCH_EVENTS,
  BATCH_FILES,
  CHECKED,
  IN_PROGRESS,
  PREVIEW,
  REPORT,
  RESULTS,
  RUNNING,
} from './batch-examples.ts'
import { checkUpload, createFromUpload, partnerBatch, sendResults } from './batch-files.ts'
import { batchListing, fileQuery, nothing, oneBatch } from './batch-input-schemas.ts'
import { previewAnswer } from './batch-preview-schema.ts'
import { readPricedPreview } from './priced-preview.ts'

const A_FILE = `A batch file of at most 64 MiB (unless the server is configured otherwise) and 200000 rows: CSV with a header, or
JSON lines. docs/batches.md describes its columns. The column partner may be left out.`

const BATCH_CURSOR = /^batch\/[1-9]\d{0,8}$/
const numberIn = (cursor: string | null) => (cursor === null ? null : Number(cursor.slice('batch/'.length)))

export const BATCH_ROUTES: readonly AnyRoute[] = [
  route<undefined, object, Upload>({
    name: 'checkBatch',
    method: 'POST',
    path: '/v1/batches/check',
    summary: 'Check a batch file; nothing is stored',
    description: A_FILE,
    scope: 'batches:write',
    query: nothing,
    files: BATCH_FILES,
    answers: { 200: { description: 'The problems of the file', schema: reportAnswer, example: REPORT } },
    problems: ['batch_refused'],
    handle: ({ body }, call) => checkUpload(body, call),
  }),
  route<undefined, { file_name?: string | undefined }, Upload>({
    name: 'createBatch',
    method: 'POST',
    path: '/v1/batches',
    summary: 'Store a batch file and seal it',
    description: `${A_FILE} Rows are stored only if every row is good. Safe to repeat: the same rows are the same batch.`,
    scope: 'batches:write',
    query: fileQuery,
    files: BATCH_FILES,
    answers: {
      201: {
        description: 'The batch is stored',
        schema: batchAnswer,
        example: CHECKED,
        headers: { Location: 'where the batch is read' },
      },
      200: {
        description: 'You have sent these rows before: the batch as it is now',
        schema: batchAnswer,
        example: CHECKED,
        headers: { Location: 'where the batch is read' },
      },
    },
    problems: ['batch_refused'],
    handle: ({ query, body }, call) => createFromUpload(body, query.file_name ?? 'sent over HTTP', call),
  }),
  route({
    name: 'listBatches',
    method: 'GET',
    path: '/v1/batches',
    summary: 'List your batches, the newest first',
    scope: 'orders:read',
    query: batchListing,
    answers: {
      200: {
        description: 'A page of batches',
        schema: batchesAnswer,
        example: { batches: [RUNNING], next: null },
      },
    },
    problems: [],
    async handle({ query }, { database, caller }) {
      const { state = null, retry_of: retryOf = null, limit = PAGE, cursor } = query
      const before = readPlace(cursor, (decoded) => BATCH_CURSOR.test(decoded))
      const filter = {
        ...{ partner: caller.partner, state, retryOf },
        ...{ before: numberIn(before), limit: limit + 1 },
      }
      const found = await listPartnerBatches(database, filter)
      const { page, next } = pageOf(found, limit, ({ batchId }) => `batch/${batchId}`)
      return { status: 200, body: { batches: page.map(batchAnswerOf), next } }
    },
  }),
  route({
    name: 'readBatch',
    method: 'GET',
    path: '/v1/batches/{id}',
    summary: 'Read a batch and its progress',
    scope: 'orders:read',
    params: oneBatch,
    query: nothing,
    answers: {
      200: { description: 'The batch as it is now', schema: batchProgressAnswer, example: IN_PROGRESS },
    },
    problems: ['not_found'],
    async handle({ params }, call) {
      const { batchId } = await partnerBatch(params.id, call)
      const progress = await readProgress(call.database, batchId)
      if (progress === null) throw new Problem('not_found')
      return { status: 200, body: progressAnswerOf(progress, call.now()) }
    },
  }),
  route({
    name: 'previewBatch',
    method: 'GET',
    path: '/v1/batches/{id}/preview',
    summary: 'Read what a batch would do',
    description:
      "Estimates use the gateway's chart or, when it is not available, the newest captured prices. They have no fees.",
    scope: 'orders:read',
    params: oneBatch,
    query: nothing,
    answers: { 200: { description: 'What it would do', schema: previewAnswer, example: PREVIEW } },
    problems: ['not_found'],
    async handle({ params }, call) {
      const batch = await partnerBatch(params.id, call)
      const { newest, preview } = await readPricedPreview(batch.batchId, call)
      return { status: 200, body: previewAnswerOf(batch, newest, preview) }
    },
  }),
  ...BATCH_MOVE_ROUTES,
  route({
    name: 'readBatchResults',
    method: 'GET',
    path: '/v1/batches/{id}/results',
    summary: 'Download the result of each row',
    description:
      'Available at any time, in the order of the file, from one snapshot. No text in it is a formula.',
    scope: 'orders:read',
    params: oneBatch,
    query: nothing,
    answers: {
      200: {
        description: 'One line per row of the file',
        contentType: 'text/csv; charset=utf-8',
        schema: null,
        example: RESULTS,
      },
    },
    problems: ['not_found', 'too_many_files'],
    handle: ({ params }, call) => sendResults(params.id, call),
  }),
  route({
    name: 'readBatchEvents',
    method: 'GET',
    path: '/v1/batches/{id}/events',
    summary: "Read a batch's history",
    scope: 'orders:read',
    params: oneBatch,
    query: nothing,
    answers: {
      200: {
        description: 'Every change of its state, the oldest first',
        schema: batchEventsAnswer,
        example: BATCH_EVENTS,
      },
    },
    problems: ['not_found'],
    async handle({ params }, call) {
      const { batchId } = await partnerBatch(params.id, call)
      const events = await readBatchEvents(call.database, batchId)
      return { status: 200, body: { events: events.map(batchEventAnswerOf) } }
    },
  }),
]
