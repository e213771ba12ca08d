import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { isSealed, pageOf } from './seal.ts'
import { lockBatch } from './store.ts'

/** What one due time of a plan makes of its batch. */
export interface CopyOrder {
  readonly modelId: number
  /** Put behind the reference of each row. */
  readonly referenceEnding: string
  readonly ratePerSecond: number
  readonly stopAfterFailures: number | null
  readonly actor: string
}

/** What became of it. `changed`: the model's rows are not those that were approved; `taken`: another batch has these. */
export type Copied =
  | { readonly is: 'running'; readonly batchId: number }
  | { readonly is: 'changed' }
  | { readonly is: 'taken' }

// A copy of a hundred thousand rows takes seconds.
const ALLOW_COPY = {
  name: 'allow_copy',
  text: `SELECT set_config('statement_timeout', '60s', true)`,
}

// Undone without the rest of the transaction when another batch has the rows.
const COPY_POINT = { name: 'copy_point', text: 'SAVEPOINT copy_of_model' }
const BACK_TO_COPY_POINT = { name: 'back_to_copy_point', text: 'ROLLBACK TO SAVEPOINT copy_of_model' }

/** Copies an approved batch and lets the copy run as approved as its model is, in the caller's transaction. */
export async function copyModel(session: Session, order: CopyOrder): Promise<Copied> {
  const { modelId } = order
  await session.run(ALLOW_COPY)
  const model = await lockBatch(session, modelId)
  if (model === null || !(await isSealed(session, modelId, model, [1, pageOf(model.rowCount)])))
    return { is: 'changed' }
  await session.run(COPY_POINT)
  try {
    return { is: 'running', batchId: await makeCopy(session, order) }
  } catch (error) {
    const is = whyNotCopied(error)
    if (is === null) throw error
    await session.run(BACK_TO_COPY_POINT)
    return { is }
  }
}

/** What a refusal of Postgres says of a copy: it comes again at each try. */
function whyNotCopied(error: unknown): 'taken' | 'changed' | null {
  if (!(error instanceof StorageError)) return null
  switch (error.constraint) {
    case 'batches_same_rows':
      return 'taken'
    case 'batch_copy':
      return 'changed'
    default:
      return null
  }
}

const INSERT_COPY = {
  name: 'insert_batch_copy',
  text: `
    INSERT INTO batches (file_name, owner, copied_from, state, reason, actor, created_by)
    SELECT file_name, owner, id, 'draft', 'created', $2, created_by FROM batches WHERE id = $1
    RETURNING id AS "batchId"`,
}

const COPY_MODEL_ROWS = {
  name: 'copy_model_rows',
  text: `
    INSERT INTO batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash)
    SELECT $2, row_number, line_number, partner, reference || $3, kind, phone_number, content, content_hash
    FROM batch_rows WHERE batch_id = $1 ORDER BY row_number`,
}

const SEAL_COPY = {
  name: 'seal_batch_copy',
  text: `
    UPDATE batches c SET state = 'checked', reason = 'every_row_is_good', actor = $3, row_count = m.row_count,
      file_hash = m.file_hash, page_hashes = sealed.pages, content_hash = sealed.hash,
      detail = jsonb_build_object('rows', m.row_count, 'content_hash', sealed.hash)
    FROM batches m, LATERAL (
      SELECT array_agg(p.hash ORDER BY p.page) AS pages,
        encode(sha256(convert_to(string_agg(p.hash, E'\\n' ORDER BY p.page), 'UTF8')), 'hex') AS hash
      FROM batch_page_hashes($2, 1, (m.row_count - 1) / 1000 + 1) p
    ) sealed
    WHERE c.id = $2 AND m.id = $1`,
}

const APPROVE_COPY = {
  name: 'approve_batch_copy',
  text: `
    UPDATE batches c SET state = 'approved', reason = 'approved_with_plan', actor = $3, approved_by = m.approved_by,
      approved_at = m.approved_at, alone = m.alone, detail = jsonb_build_object('copied_from', m.id)
    FROM batches m WHERE c.id = $2 AND m.id = $1`,
}

const RUN_COPY = {
  name: 'run_batch_copy',
  text: `
    UPDATE batches SET state = 'running', reason = 'run_by_plan', actor = $2, run_at = now(), rate_per_second = $3,
      stop_after_failures = $4,
      detail = jsonb_build_object('rate_per_second', $3::int, 'stop_after_failures', $4::int)
    WHERE id = $1`,
}

async function makeCopy(session: Session, order: CopyOrder): Promise<number> {
  const { modelId, referenceEnding, ratePerSecond, stopAfterFailures, actor } = order
  const [copy] = await session.run<{ batchId: number }>(INSERT_COPY, [modelId, actor])
  if (copy === undefined) throw new Error('a locked batch vanished')
  const { batchId } = copy
  await session.run(COPY_MODEL_ROWS, [modelId, batchId, referenceEnding])
  await session.run(SEAL_COPY, [modelId, batchId, actor])
  await session.run(APPROVE_COPY, [modelId, batchId, actor])
  await session.run(RUN_COPY, [batchId, actor, ratePerSecond, stopAfterFailures])
  return batchId
}
