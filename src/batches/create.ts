import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { FileRefused } from '../csv/file-refused.ts'
import type { OnBytes } from '../csv/records.ts'
import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { COPY_ROWS, copyRow } from './copy-rows.ts'
import { openRows, type RowFile, type RowProblem } from './file/read-rows.ts'
import { refuseEmpty } from './file/row-count.ts'
import { findOverdueRows } from './overdue-rows.ts'
import { type BatchOwner, rowsOf } from './owner.ts'
import { PageHasher } from './seal.ts'
import { findSameRows, type KnownBatch, SameRows, sealBatch } from './seal-batch.ts'

export interface CreateRequest {
  readonly fileName: string
  /** For rows that name none. */
  readonly partner: string | null
  readonly by: string
  /** The partner whose it is to be; null: an operator's. */
  readonly owner?: BatchOwner | null
}

/** What became of a file. */
export type CreateResult =
  | { readonly is: 'created'; readonly batchId: number; readonly rows: number; readonly contentHash: string }
  | KnownBatch
  | {
      readonly is: 'refused'
      readonly badRows: number
      /** The first of them; checking tells all. */
      readonly problems: readonly NumberedProblem[]
    }

/** A problem and the row that has it, counted from 1. */
export interface NumberedProblem extends RowProblem {
  readonly rowNumber: number
}

const COPY_CHUNK = 64 * 1024
const KEPT_PROBLEMS = 20
const NONE = { badRows: 0, problems: [] }

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
    if (error instanceof SameRows) {
      const known = await findSameRows(session, request.owner?.partner ?? null, error.contentHash)
      if (known !== null) return known
      throw new FileRefused('these rows were a batch that was cancelled just now: try again')
    }
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
    INSERT INTO batches (file_name, state, reason, actor, created_by, owner)
    VALUES ($1, 'draft', 'created', $2, $3, $4) RETURNING id AS "batchId"`,
}

async function createInTransaction(
  session: Session,
  bytes: Readable,
  { fileName, partner, by, owner = null }: CreateRequest,
  onBytes?: OnBytes,
): Promise<CreateResult> {
  const actor = `${owner === null ? 'person' : 'partner'}:${by}`
  const values = [fileName, actor, by, owner?.partner ?? null]
  const [draft] = await session.run<{ batchId: number }>(INSERT_DRAFT, values)
  if (draft === undefined) throw new Error('a batch without an id')
  const { batchId } = draft
  const options = owner === null ? { partner } : rowsOf(owner)
  const file = await openRows(bytes, { ...options, ...(onBytes === undefined ? {} : { onBytes }) })
  const tally: Tally = { rows: 0, badRows: 0, isHashed: true, problems: [], hasher: new PageHasher() }
  await copyRows(session, copyText(file, batchId, tally))
  const { rows, badRows, problems } = tally
  refuseEmpty(rows)
  const seal = tally.hasher.seal()
  const overdue = badRows > 0 ? NONE : await findOverdueRows(session, batchId, KEPT_PROBLEMS)
  if (badRows + overdue.badRows > 0) {
    // A repetition of what was stored before its owner's limits forbade it, or its deadlines passed.
    const known = tally.isHashed
      ? await findSameRows(session, owner?.partner ?? null, seal.contentHash)
      : null
    const refused = badRows > 0 ? { badRows, problems } : overdue
    throw new NotKept(known ?? { is: 'refused', ...refused })
  }
  await sealBatch(session, batchId, { rows, actor, fileHash: file.fileHash(), seal })
  return { is: 'created', batchId, rows, contentHash: seal.contentHash }
}

interface Tally {
  rows: number
  badRows: number
  /** Whether every row so far is an order, if one that a rule is against. */
  isHashed: boolean
  readonly problems: NumberedProblem[]
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
        keepProblems(tally, row.problems)
      } else if (tally.badRows === 0) text += copyRow(batchId, tally.rows, row)
      tally.isHashed &&= row.submission !== undefined
      if (tally.isHashed && row.submission !== undefined) tally.hasher.add(row.submission)
    }
    if (text.length < COPY_CHUNK) continue
    yield text
    text = ''
  }
  yield text
}

function keepProblems({ rows, problems: kept }: Tally, problems: readonly RowProblem[]): void {
  if (kept.length < KEPT_PROBLEMS) kept.push(...problems.map((problem) => ({ rowNumber: rows, ...problem })))
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
