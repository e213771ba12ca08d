import { eq } from 'drizzle-orm'
import { formatCount } from '../core/format.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, present, rows, statement } from '../postgres/statement.ts'
import { StorageError } from '../postgres/storage-error.ts'
import { type CommandPerson, type CommandResult, refused } from './command-result.ts'
import { copyRows } from './copy-rows.ts'
import type { RowFile } from './file/read-rows.ts'
import { batchRetries } from './retries-schema.ts'
import {
  RETRY_REFUSALS,
  type RetryChoice,
  type RetryRefusal,
  type RetryRow,
  type RowsToRetry,
  readRowsToRetry,
} from './retry-rows.ts'
import { batches } from './schema.ts'
import { sealBatch } from './seal.ts'
import { lockBatch, type StoredBatch } from './store.ts'

/** The batch that retries failed rows, and how many rows of the old batch are left out, by why. */
export interface RetryBatch {
  readonly batchId: number
  readonly rows: number
  readonly contentHash: string
  readonly left: RowsToRetry['left']
}

// Reading the rows of a large batch takes seconds, and whether each may be retried is decided while it is locked.
const SET_TIMEOUT = {
  name: 'allow_retry',
  text: `SELECT set_config('statement_timeout', '60s', true)`,
}

/**
 * Makes a new batch of the rows whose orders ended without an execution. It is a draft like any other: another person
 * approves it. The lock on the old batch makes two people who retry it at once make one.
 */
export async function retryBatch(
  session: Session,
  batchId: number,
  choice: RetryChoice,
  person: CommandPerson,
): Promise<CommandResult<RetryBatch>> {
  const made = session.transaction(async () => {
    await session.run(SET_TIMEOUT)
    const batch = await lockBatch(session, batchId)
    if (batch === null) return refused('absent', `there is no batch ${batchId}: see \`goldpro batch list\``)
    if (batch.owner !== null && person.isProven !== true)
      return refused(
        'state',
        `batch ${batchId} is ${batch.owner}'s: a holder of its keys retries it over HTTP`,
      )
    const found = await readRowsToRetry(session, batchId, choice)
    if (found.rows.length === 0)
      return refused('state', `no row of batch ${batchId} can be retried${leftText(found.left)}`)
    return {
      ...({ is: 'done', left: found.left } as const),
      ...(await storeRetry(session, batch, found.rows, person)),
    }
  })
  return await made.catch(refusedBesideAnother)
}

/** The constraints that stop whoever retries an order which another person retries, through another batch, in that moment. */
const OF_ANOTHER: readonly (string | null)[] = ['batch_retries_number', 'batch_retry']

function refusedBesideAnother(error: unknown): CommandResult<RetryBatch> {
  if (!(error instanceof StorageError) || !OF_ANOTHER.includes(error.constraint)) throw error
  return refused('state', 'another person has just retried some of its rows: do it again for the others')
}

/** The rows that are left out, as the end of a sentence. */
export function leftText(left: RowsToRetry['left']): string {
  const parts = Object.entries(left).map(
    ([why, count]) => `${formatCount(count)} ${RETRY_REFUSALS[why as RetryRefusal]}`,
  )
  return parts.length === 0 ? '' : `: ${parts.join('; ')}`
}

const selectFile = statement('read_file_of_batch', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({ fileName: batches.fileName, fileHash: present(batches.fileHash) })
    .from(batches)
    .where(eq(batches.id, batchId)),
)

const insertDraft = statement(
  'insert_retry_batch',
  {
    fileName: batches.fileName,
    owner: nullable(batches.owner),
    retryOf: batches.id,
    actor: batches.actor,
    createdBy: batches.createdBy,
  },
  (db, { fileName, owner, retryOf, actor, createdBy }) =>
    db
      .insert(batches)
      .values({ fileName, owner, retryOf, state: 'draft', reason: 'created', actor, createdBy })
      .returning({ batchId: batches.id }),
)

const insertRetries = statement(
  'insert_batch_retries',
  {
    given: rows({
      batchId: batchRetries.batchId,
      rowNumber: batchRetries.rowNumber,
      retriedBatchId: batchRetries.retriedBatchId,
      retriedRowNumber: batchRetries.retriedRowNumber,
      retriedOrderId: batchRetries.retriedOrderId,
      rootOrderId: batchRetries.rootOrderId,
      retryNumber: batchRetries.retryNumber,
    }),
  },
  (db, { given }) =>
    db.insert(batchRetries).select(
      db
        .select({
          batchId: given.batchId,
          rowNumber: given.rowNumber,
          retriedBatchId: given.retriedBatchId,
          retriedRowNumber: given.retriedRowNumber,
          retriedOrderId: given.retriedOrderId,
          rootOrderId: given.rootOrderId,
          retryNumber: given.retryNumber,
        })
        .from(given),
    ),
)

async function storeRetry(
  session: Session,
  { batchId: retryOf, owner }: StoredBatch,
  chosen: readonly RetryRow[],
  { by, isProven }: CommandPerson,
): Promise<Omit<RetryBatch, 'left'>> {
  const actor = `${isProven === true ? 'partner' : 'person'}:${by}`
  const [file] = await selectFile(session, { batchId: retryOf })
  const fileName = file?.fileName ?? ''
  const [draft] = await insertDraft(session, { fileName, owner, retryOf, actor, createdBy: by })
  if (draft === undefined || file === undefined) throw new Error('a locked batch is gone')
  const { batchId } = draft
  const copied = await copyRows(session, fileOf(chosen, file.fileHash), batchId)
  if (copied.badRows > 0) throw new Error('two retries have one reference')
  await insertRetries(session, {
    given: chosen.map(({ rowNumber, orderId, rootOrderId, retryNumber }, position) => ({
      batchId,
      rowNumber: position + 1,
      retriedBatchId: retryOf,
      retriedRowNumber: rowNumber,
      retriedOrderId: orderId,
      rootOrderId,
      retryNumber,
    })),
  })
  const seal = copied.hasher.seal()
  await sealBatch(session, batchId, { rows: chosen.length, actor, fileHash: file.fileHash, seal })
  return { batchId, rows: chosen.length, contentHash: seal.contentHash }
}

/** The rows as a file: they keep the lines of the old batch's file. */
function fileOf(chosen: readonly RetryRow[], fileHash: string): RowFile {
  return {
    delimiter: null,
    fileHash: () => fileHash,
    async *rows() {
      yield chosen.map(({ lineNumber, submission }) => ({ is: 'good', lineNumber, submission }))
    },
  }
}
