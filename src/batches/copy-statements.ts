import { and, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { columnName, nullable, statement, type } from '../postgres/statement.ts'
import { batches, batchRows } from './schema.ts'
import { PAGE_ROWS } from './seal.ts'

const original = alias(batches, 'original')

/** Inserts the draft of a copy. */
export const insertCopy = statement(
  'insert_batch_copy',
  { originalId: batches.id, actor: batches.actor },
  (db, { originalId, actor }) => {
    const pairs = [
      [batches.fileName, batches.fileName],
      [batches.owner, batches.owner],
      [batches.copiedFrom, batches.id],
      [batches.state, sql`'draft'`],
      [batches.reason, sql`'created'`],
      [batches.actor, actor],
      [batches.createdBy, batches.createdBy],
    ] as const
    const columns = sql.join(
      pairs.map(([column]) => columnName(column)),
      sql`, `,
    )
    const values = sql.join(
      pairs.map(([, value]) => sql`${value}`),
      sql`, `,
    )
    const copy = db.$with('copy', { copyId: sql<number>`copy_id`.as('copy_id') }).as(
      sql`insert into ${batches} (${columns}) select ${values} from ${batches} where ${batches.id} = ${originalId}
        returning ${columnName(batches.id)} as copy_id`,
    )
    return db.with(copy).select({ copyId: copy.copyId }).from(copy)
  },
)

/** Copies the original's rows. */
export const insertRows = statement(
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

/** Seals a copy over its stored rows. */
export const sealCopy = statement(
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

/** Gives a copy the original's approval. */
export const approveCopy = statement(
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

/** Runs a copy with the plan's settings. */
export const runCopy = statement(
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
