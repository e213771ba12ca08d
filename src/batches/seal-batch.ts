import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import type { BatchState } from './lifecycle.ts'
import type { Seal } from './seal.ts'

/** The batch that these rows are already. */
export interface KnownBatch {
  readonly is: 'known'
  readonly batchId: number
  readonly fileName: string
  readonly state: BatchState
}

/** Thrown where Postgres refuses rows that are a batch of the same owner. */
export class SameRows extends Error {
  readonly contentHash: string

  constructor(contentHash: string) {
    super('same rows')
    this.contentHash = contentHash
  }
}

const SEAL_BATCH = {
  name: 'seal_batch',
  text: `
    UPDATE batches SET state = 'checked', reason = 'every_row_is_good', actor = $2, row_count = $3, file_hash = $4,
      content_hash = $5, page_hashes = $6, detail = jsonb_build_object('rows', $3::int, 'content_hash', $5::text)
    WHERE id = $1`,
}

/**
 * Seals a draft.
 * @throws SameRows when its owner has a batch of these rows
 */
export async function sealBatch(
  session: Session,
  batchId: number,
  { rows, actor, fileHash, seal }: { rows: number; actor: string; fileHash: string; seal: Seal },
): Promise<void> {
  const { contentHash, pageHashes } = seal
  try {
    await session.run(SEAL_BATCH, [batchId, actor, rows, fileHash, contentHash, pageHashes])
  } catch (error) {
    if (error instanceof StorageError && error.constraint === 'batches_same_rows')
      throw new SameRows(contentHash)
    throw error
  }
}

const FIND_SAME_ROWS = {
  name: 'find_batch_of_same_rows',
  text: `
    SELECT id AS "batchId", file_name AS "fileName", state FROM batches
    WHERE content_hash = $1 AND coalesce(owner, '') = $2 AND state <> 'cancelled'`,
}

/** The batch of this owner that has these rows; null when none does. */
export async function findSameRows(
  session: Session,
  owner: string | null,
  contentHash: string,
): Promise<KnownBatch | null> {
  const values = [contentHash, owner ?? '']
  const [known] = await session.run<Omit<KnownBatch, 'is'>>(FIND_SAME_ROWS, values)
  return known === undefined ? null : { is: 'known', ...known }
}
