import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { approveCopy, insertCopy, insertRows, runCopy, sealCopy } from './copy-statements.ts'
import { isSealed, pageOf } from './seal.ts'
import { lockBatch } from './store.ts'

/** What a plan makes of its batch, the original, at one due time. */
export interface CopyRequest {
  readonly originalId: number
  /** Appended to the reference of each row. */
  readonly referenceSuffix: string
  readonly ratePerSecond: number
  readonly stopAfterFailures: number | null
  readonly actor: string
}

/**
 * The result of copying. `changed`: the original's rows are not those that were approved; `taken`: another batch has the
 * rows of the copy.
 */
export type CopyResult =
  | { readonly is: 'running'; readonly batchId: number }
  | { readonly is: 'changed' }
  | { readonly is: 'taken' }

// A copy of 100,000 rows takes seconds.
const SET_TIMEOUT = {
  name: 'allow_copy',
  text: `SELECT set_config('statement_timeout', '60s', true)`,
}

// When another batch has the rows, only the copy is undone and not the rest of the transaction.
const SAVEPOINT = { name: 'copy_point', text: 'SAVEPOINT copy_of_batch' }
const ROLLBACK_TO_SAVEPOINT = { name: 'back_to_copy_point', text: 'ROLLBACK TO SAVEPOINT copy_of_batch' }

/** Copies an approved batch and runs the copy under the original's approval, in the caller's transaction. */
export async function copyBatch(session: Session, request: CopyRequest): Promise<CopyResult> {
  const { originalId } = request
  await session.run(SET_TIMEOUT)
  const original = await lockBatch(session, originalId)
  if (original === null || !(await isSealed(session, originalId, original, [1, pageOf(original.rowCount)])))
    return { is: 'changed' }
  await session.run(SAVEPOINT)
  try {
    return { is: 'running', batchId: await makeCopy(session, request) }
  } catch (error) {
    const is = whyNotCopied(error)
    if (is === null) throw error
    await session.run(ROLLBACK_TO_SAVEPOINT)
    return { is }
  }
}

/** Why Postgres refuses a copy for good; null when another try may succeed. */
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

async function makeCopy(session: Session, request: CopyRequest): Promise<number> {
  const { originalId, referenceSuffix, ratePerSecond, stopAfterFailures, actor } = request
  const [copy] = await insertCopy(session, { originalId, actor })
  if (copy === undefined) throw new Error('a locked batch is gone')
  const { copyId } = copy
  await insertRows(session, { originalId, copyId, referenceSuffix })
  await sealCopy(session, { originalId, copyId, actor })
  await approveCopy(session, { originalId, copyId, actor })
  await runCopy(session, { copyId, actor, ratePerSecond, stopAfterFailures })
  return copyId
}
