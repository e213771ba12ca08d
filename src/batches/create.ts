import type { Readable } from 'node:stream'
import { FileRefused } from '../csv/file-refused.ts'
import type { OnBytes } from '../csv/open-csv.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, statement } from '../postgres/statement.ts'
import { copyRows, MOST_PROBLEMS, type NumberedProblem } from './copy-rows.ts'
import { openRows, refuseEmpty } from './file/read-rows.ts'
import { findForeignWallets } from './foreign-wallets.ts'
import { findOverdueRows } from './overdue-rows.ts'
import { type BatchOwner, ownerRowOptions } from './owner.ts'
import { batches } from './schema.ts'
import { findSameRows, type KnownBatch, SameRows, sealBatch } from './seal.ts'

/** Who creates a batch of which file. */
export interface CreateRequest {
  readonly fileName: string
  /** The partner of rows that name none. */
  readonly partner: string | null
  readonly by: string
  /** The partner that sends the file; null for a batch of operators. */
  readonly owner?: BatchOwner | null
}

/** The result of creating a batch. */
export type CreateResult =
  | { readonly is: 'created'; readonly batchId: number; readonly rows: number; readonly contentHash: string }
  | KnownBatch
  | {
      readonly is: 'refused'
      readonly badRows: number
      /** The first problems; `checkFile` reports all. */
      readonly problems: readonly NumberedProblem[]
    }

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
    if (error instanceof NotStored) return error.result
    if (error instanceof SameRows) {
      const known = await findSameRows(session, request.owner?.partner ?? null, error.contentHash)
      if (known !== null) return known
      throw new FileRefused('another batch of the same rows has just been cancelled: try again')
    }
    throw error
  }
}

/** Thrown to roll the transaction back. No caller sees it. */
class NotStored extends Error {
  readonly result: CreateResult

  constructor(result: CreateResult) {
    super('not stored')
    this.result = result
  }
}

const insertDraft = statement(
  'insert_draft_batch',
  {
    fileName: batches.fileName,
    actor: batches.actor,
    createdBy: batches.createdBy,
    owner: nullable(batches.owner),
  },
  (db, { fileName, actor, createdBy, owner }) =>
    db
      .insert(batches)
      .values({ fileName, state: 'draft', reason: 'created', actor, createdBy, owner })
      .returning({ batchId: batches.id }),
)

/** Rows that only Postgres can refuse: by its clock, or by whose their wallets are. */
async function findRefusedRows(session: Session, batchId: number) {
  const overdue = await findOverdueRows(session, batchId, MOST_PROBLEMS)
  return overdue.badRows > 0 ? overdue : await findForeignWallets(session, batchId, MOST_PROBLEMS)
}

async function createInTransaction(
  session: Session,
  bytes: Readable,
  { fileName, partner, by, owner = null }: CreateRequest,
  onBytes?: OnBytes,
): Promise<CreateResult> {
  const actor = `${owner === null ? 'person' : 'partner'}:${by}`
  const [draft] = await insertDraft(session, {
    fileName,
    actor,
    createdBy: by,
    owner: owner?.partner ?? null,
  })
  if (draft === undefined) throw new Error('the insert returned no batch')
  const { batchId } = draft
  const options = owner === null ? { partner } : ownerRowOptions(owner)
  const given = onBytes === undefined ? {} : { onBytes }
  const file = await openRows(bytes, { ...options, ...given, findsRepeats: false })
  const read = await copyRows(session, file, batchId)
  const { rows } = read
  refuseEmpty(rows)
  const seal = read.hasher.seal()
  const bad = read.badRows > 0 ? read : await findRefusedRows(session, batchId)
  if (bad.badRows > 0) {
    // The owner may repeat a file that was stored before its limits forbade it or its deadlines passed.
    const known = read.isHashed ? await findSameRows(session, owner?.partner ?? null, seal.contentHash) : null
    throw new NotStored(known ?? { is: 'refused', badRows: bad.badRows, problems: bad.problems })
  }
  await sealBatch(session, batchId, { rows, actor, fileHash: file.fileHash(), seal })
  return { is: 'created', batchId, rows, contentHash: seal.contentHash }
}
