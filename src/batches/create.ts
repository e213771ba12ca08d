import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { FileRefused } from '../csv/file-refused.ts'
import type { OnBytes } from '../csv/open-csv.ts'
import type { Submission } from '../orders/submission.ts'
import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, statement } from '../postgres/statement.ts'
import type { RowProblem } from './file/read-row.ts'
import { openRows, type RowFile, refuseEmpty } from './file/read-rows.ts'
import { findOverdueRows } from './overdue-rows.ts'
import { type BatchOwner, ownerRowOptions } from './owner.ts'
import { batches } from './schema.ts'
import { findSameRows, type KnownBatch, PageHasher, SameRows, sealBatch } from './seal.ts'

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

/** A problem and the number of its row, from 1. */
export interface NumberedProblem extends RowProblem {
  readonly rowNumber: number
}

const COPY_CHUNK = 64 * 1024
const MOST_PROBLEMS = 20

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
  const file = await openRows(bytes, { ...options, ...(onBytes === undefined ? {} : { onBytes }) })
  const tally: Tally = { rows: 0, badRows: 0, isHashed: true, problems: [], hasher: new PageHasher() }
  await copyToServer(session, copyLines(file, batchId, tally))
  const { rows } = tally
  refuseEmpty(rows)
  const seal = tally.hasher.seal()
  const bad = tally.badRows > 0 ? tally : await findOverdueRows(session, batchId, MOST_PROBLEMS)
  if (bad.badRows > 0) {
    // The owner may repeat a file that was stored before its limits forbade it or its deadlines passed.
    const known = tally.isHashed
      ? await findSameRows(session, owner?.partner ?? null, seal.contentHash)
      : null
    throw new NotStored(known ?? { is: 'refused', badRows: bad.badRows, problems: bad.problems })
  }
  await sealBatch(session, batchId, { rows, actor, fileHash: file.fileHash(), seal })
  return { is: 'created', batchId, rows, contentHash: seal.contentHash }
}

/** What was counted and hashed while a file was read. */
interface Tally {
  rows: number
  badRows: number
  /** Every row so far is an order, even if a rule forbids it, and is part of the hash. */
  isHashed: boolean
  readonly problems: NumberedProblem[]
  readonly hasher: PageHasher
}

/**
 * The rows in COPY's text format, in chunks of bounded size. After the first bad row it only counts. By hand:
 * csv-stringify takes three to five times as much CPU per row.
 */
async function* copyLines(file: RowFile, batchId: number, tally: Tally): AsyncGenerator<string> {
  let text = ''
  for await (const rows of file.rows()) {
    for (const row of rows) {
      tally.rows += 1
      if (row.is === 'bad') {
        tally.badRows += 1
        addProblems(tally, row.problems)
      } else if (tally.badRows === 0) text += copyLine(batchId, tally.rows, row.lineNumber, row.submission)
      tally.isHashed &&= row.submission !== undefined
      if (tally.isHashed && row.submission !== undefined) tally.hasher.add(row.submission)
    }
    if (text.length < COPY_CHUNK) continue
    yield text
    text = ''
  }
  yield text
}

function addProblems({ rows, problems }: Tally, found: readonly RowProblem[]): void {
  if (problems.length < MOST_PROBLEMS)
    problems.push(...found.map((problem) => ({ rowNumber: rows, ...problem })))
}

/** The columns in the order in which `copyLine` writes them. */
const COPY_ROWS = `
  COPY batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash,
    deadline_at) FROM STDIN`

/** No field has control characters, so only a backslash needs an escape. */
function copyLine(batchId: number, rowNumber: number, lineNumber: number, submission: Submission): string {
  const { partner, reference, command, content, contentHash, deadline } = submission
  const origin = `${batchId}\t${rowNumber}\t${lineNumber}\t${partner}\t${escaped(reference)}`
  const order = `${command.kind}\t${command.phoneNumber}\t${escaped(JSON.stringify(content))}`
  return `${origin}\t${order}\t${contentHash}\t${deadline === null ? '\\N' : deadline.toISOString()}\n`
}

const escaped = (text: string) => (text.includes('\\') ? text.replaceAll('\\', '\\\\') : text)

async function copyToServer(session: Session, lines: AsyncGenerator<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), session.client.query(copyFrom(COPY_ROWS)))
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error
    // The server's message would quote the row.
    throw new StorageError('copy_batch_rows', error)
  }
}
