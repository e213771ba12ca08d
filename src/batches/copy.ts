import { and, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { columnName, nullable, statement, type } from '../postgres/statement.ts'
import { batches, batchRows } from './schema.ts'
import { isSealed, PAGE_ROWS, pageOf } from './seal.ts'
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

const original = alias(batches, 'original')

const insertCopy = statement(
  'insert_batch_copy',
  { originalId: batches.id, actor: batches.actor },
  (db, { originalId, actor }) => {
    const names = [
      batches.fileName,
      batches.owner,
      batches.copiedFrom,
      batches.state,
      batches.reason,
      batches.actor,
      batches.createdBy,
    ].map(columnName)
    const copy = db.$with('copy', { copyId: sql<number>`copy_id`.as('copy_id') }).as(
      sql`insert into ${batches} (${sql.join(names, sql`, `)})
        select ${original.fileName}, ${original.owner}, ${original.id}, 'draft', 'created', ${actor}, ${original.createdBy}
        from ${batches} as original where ${original.id} = ${originalId} returning ${columnName(batches.id)} as copy_id`,
    )
    return db.with(copy).select({ copyId: copy.copyId }).from(copy)
  },
)

const insertRows = statement(
  'copy_model_rows',
  { originalId: batches.id, copyId: batches.id, referenceSuffix: type.text },
  (db, { originalId, copyId, referenceSuffix }) =>
    db.insert(batchRows).select(
      db
        .select({
          batchId: sql<number>`${copyId}`.as('copy_id'),
          rowNumber: batchRows.rowNumber,
          lineNumber: batchRows.lineNumber,
          partner: batchRows.partner,
          reference: sql<string>`${batchRows.reference} || ${referenceSuffix}`.as('copied_reference'),
          kind: batchRows.kind,
          phoneNumber: batchRows.phoneNumber,
          content: batchRows.content,
          contentHash: batchRows.contentHash,
          // A plan takes no batch with deadlines.
          deadlineAt: sql<null>`null::timestamptz`.as('copied_deadline_at'),
          state: sql<'waiting'>`'waiting'`.as('copied_state'),
          orderId: sql<null>`null::uuid`.as('copied_order_id'),
          conflictsWith: sql<null>`null::uuid`.as('copied_conflicts_with'),
          fedAt: sql<null>`null::timestamptz`.as('copied_fed_at'),
        })
        .from(batchRows)
        .where(eq(batchRows.batchId, originalId))
        .orderBy(batchRows.rowNumber),
    ),
)

const sealCopy = statement(
  'seal_batch_copy',
  { originalId: batches.id, copyId: batches.id, actor: batches.actor },
  (db, { originalId, copyId, actor }) => {
    const pageCount = sql`(${original.rowCount} - 1) / ${sql.raw(String(PAGE_ROWS))} + 1`
    const pages = db
      .select({
        pageHashes: sql<string[]>`array_agg(page.hash order by page.page)`.as('sealed_page_hashes'),
        contentHash:
          sql<string>`encode(sha256(convert_to(string_agg(page.hash, E'\\n' order by page.page), 'UTF8')), 'hex')`.as(
            'sealed_content_hash',
          ),
      })
      .from(sql`batch_page_hashes(${copyId}, 1, ${pageCount}) as page`)
      .as('pages')
    const sealed = db.$with('sealed').as(
      db
        .select({
          rowCount: sql<number>`${original.rowCount}`.as('sealed_row_count'),
          fileHash: sql<string>`${original.fileHash}`.as('sealed_file_hash'),
          pageHashes: pages.pageHashes,
          contentHash: pages.contentHash,
        })
        .from(original)
        .crossJoinLateral(pages)
        .where(eq(original.id, originalId)),
    )
    return db
      .with(sealed)
      .update(batches)
      .set({
        state: 'checked',
        reason: 'every_row_is_good',
        actor,
        rowCount: sql`${sealed.rowCount}`,
        fileHash: sql`${sealed.fileHash}`,
        pageHashes: sql`${sealed.pageHashes}`,
        contentHash: sql`${sealed.contentHash}`,
        detail: sql`jsonb_build_object('rows', ${sealed.rowCount}, 'content_hash', ${sealed.contentHash})`,
      })
      .from(sealed)
      .where(eq(batches.id, copyId))
  },
)

const approveCopy = statement(
  'approve_batch_copy',
  { originalId: batches.id, copyId: batches.id, actor: batches.actor },
  (db, { originalId, copyId, actor }) =>
    db
      .update(batches)
      .set({
        state: 'approved',
        reason: 'approved_with_plan',
        actor,
        approvedBy: sql`${original.approvedBy}`,
        approvedAt: sql`${original.approvedAt}`,
        alone: sql`${original.alone}`,
        detail: sql`jsonb_build_object('copied_from', ${original.id})`,
      })
      .from(original)
      .where(and(eq(batches.id, copyId), eq(original.id, originalId))),
)

const runCopy = statement(
  'run_batch_copy',
  {
    copyId: batches.id,
    actor: batches.actor,
    ratePerSecond: type.integer,
    stopAfterFailures: nullable(type.integer),
  },
  (db, { copyId, actor, ratePerSecond, stopAfterFailures }) =>
    db
      .update(batches)
      .set({
        state: 'running',
        reason: 'run_by_plan',
        actor,
        runAt: sql`now()`,
        ratePerSecond,
        stopAfterFailures,
        detail: sql`jsonb_build_object('rate_per_second', ${ratePerSecond}, 'stop_after_failures', ${stopAfterFailures})`,
      })
      .where(eq(batches.id, copyId)),
)
