import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { StorageError } from '../db/pool.ts'
import type { Session } from '../db/session.ts'
import { FileRefused } from '../files/failure.ts'
import type { OnBytes } from '../files/records.ts'
import { COPY_ROWS, copyRow } from './copy.ts'
import { openRows, type RowFile, type RowProblem, refuseEmpty } from './read-rows.ts'
import { PageHasher, type Seal } from './seal.ts'

export interface CreateRequest {
  readonly fileName: string
  /** For rows that name none. */
  readonly partner: string | null
  readonly by: string
}

/** What became of a file. */
export type CreateResult =
  | { readonly is: 'created'; readonly batchId: number; readonly rows: number; readonly contentHash: string }
  | {
      readonly is: 'refused'
      readonly badRows: number
      /** The first of them; `goldpro batch check` tells all. */
      readonly problems: readonly RowProblem[]
    }

const COPY_CHUNK = 64 * 1024
const KEPT_PROBLEMS = 20

/**
 * Stores a batch file and seals it, in one transaction: either every row is good and stored, or nothing is.
 * @throws FileRefused with what to do; StorageError
 */
export async function createBatch(
  session: Session,
  bytes: Readable,
  request: CreateRequest,
  onBytes?: OnBytes,
): Promise<CreateResult> {
  try {
    return await session.transaction(() => createInTransaction(session, bytes, request, onBytes))
  } catch (error) {
    if (error instanceof NotKept) return error.result
    throw error
  }
}

/** Thrown to roll back; never seen by a caller. */
class NotKept extends Error {
  readonly result: CreateResult

  constructor(result: CreateResult) {
    super('not kept')
    this.result = result
  }
}

const INSERT_DRAFT = {
  name: 'insert_draft_batch',
  text: `
    INSERT INTO batches (file_name, state, reason, actor, created_by)
    VALUES ($1, 'draft', 'created', $2, $3) RETURNING id AS "batchId"`,
}

async function createInTransaction(
  session: Session,
  bytes: Readable,
  { fileName, partner, by }: CreateRequest,
  onBytes?: OnBytes,
): Promise<CreateResult> {
  const actor = `person:${by}`
  const [draft] = await session.run<{ batchId: number }>(INSERT_DRAFT, [fileName, actor, by])
  if (draft === undefined) throw new Error('a batch without an id')
  const { batchId } = draft
  const file = await openRows(bytes, { partner, ...(onBytes === undefined ? {} : { onBytes }) })
  const tally: Tally = { rows: 0, badRows: 0, problems: [], hasher: new PageHasher() }
  await copyRows(session, copyText(file, batchId, tally))
  const { rows, badRows, problems } = tally
  refuseEmpty(rows)
  if (badRows > 0) throw new NotKept({ is: 'refused', badRows, problems })
  const seal = tally.hasher.seal()
  await sealBatch(session, batchId, { rows, actor, fileHash: file.fileHash(), seal })
  return { is: 'created', batchId, rows, contentHash: seal.contentHash }
}

interface Tally {
  rows: number
  badRows: number
  readonly problems: RowProblem[]
  readonly hasher: PageHasher
}

/** The rows as COPY wants them, in pieces of bounded size, until the first bad one: from there on it only counts. */
async function* copyText(file: RowFile, batchId: number, tally: Tally): AsyncGenerator<string> {
  let text = ''
  for await (const batch of file.rows()) {
    for (const row of batch) {
      tally.rows += 1
      if (row.is === 'bad') {
        tally.badRows += 1
        if (tally.problems.length < KEPT_PROBLEMS) tally.problems.push(...row.problems)
      } else if (tally.badRows === 0) {
        tally.hasher.add(row.submission)
        text += copyRow(batchId, tally.rows, row)
      }
    }
    if (text.length < COPY_CHUNK) continue
    yield text
    text = ''
  }
  yield text
}

async function copyRows(session: Session, text: AsyncGenerator<string>): Promise<void> {
  try {
    await pipeline(Readable.from(text), session.client.query(copyFrom(COPY_ROWS)))
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error
    // The server's words would quote the row.
    throw new StorageError('copy_batch_rows', error)
  }
}

const SEAL_BATCH = {
  name: 'seal_batch',
  text: `
    UPDATE batches SET state = 'checked', reason = 'every_row_is_good', actor = $2, row_count = $3, file_hash = $4,
      content_hash = $5, page_hashes = $6, detail = jsonb_build_object('rows', $3::int, 'content_hash', $5::text)
    WHERE id = $1`,
}

const FIND_SAME_ROWS = {
  name: 'find_batch_of_same_rows',
  text: `
    SELECT id AS "batchId", file_name AS "fileName", state FROM batches
    WHERE content_hash = $1 AND state <> 'cancelled' LIMIT 1`,
}

async function sealBatch(
  session: Session,
  batchId: number,
  { rows, actor, fileHash, seal }: { rows: number; actor: string; fileHash: string; seal: Seal },
): Promise<void> {
  const { contentHash, pageHashes } = seal
  const [same] = await session.run<{ batchId: number; fileName: string; state: string }>(FIND_SAME_ROWS, [
    contentHash,
  ])
  if (same !== undefined)
    throw new FileRefused(
      `these rows are a batch already: batch ${same.batchId} (${same.fileName}) is ${same.state}`,
    )
  await session.run(SEAL_BATCH, [batchId, actor, rows, fileHash, contentHash, pageHashes]).catch(sameRows)
}

function sameRows(error: unknown): never {
  if (error instanceof StorageError && error.constraint === 'batches_same_rows')
    throw new FileRefused('these rows are a batch already: see `goldpro batch list`')
  throw error
}
