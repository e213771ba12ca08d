import { createHash } from 'node:crypto'
import { and, eq, sql } from 'drizzle-orm'
import { type StatementRunner, StorageError } from '../postgres/pool.ts'
import { list, statement, type } from '../postgres/statement.ts'
import type { BatchState } from './lifecycle.ts'
import { batches } from './schema.ts'

/** Rows that are hashed together: feeding a row reads this many to prove it. Equal to `batch_page_hashes` in Postgres. */
export const PAGE_ROWS = 1_000

/** What a row is hashed by. Its content hash is the submission's, over kind, wallet, content and deadline. */
export interface HashedRow {
  readonly partner: string
  readonly reference: string
  readonly contentHash: string
}

/** The hashes of a batch's rows: what is approved is what runs. */
export interface Seal {
  readonly contentHash: string
  readonly pageHashes: readonly string[]
}

/** Hashes rows page by page as they come. */
export class PageHasher {
  readonly #pages: string[] = []
  #page = createHash('sha256')
  #rows = 0

  add({ partner, reference, contentHash }: HashedRow): void {
    // Neither may have control characters, so different rows never produce the same text.
    this.#page.update(`${partner}\t${reference}\t${contentHash}\n`)
    this.#rows += 1
    if (this.#rows % PAGE_ROWS === 0) this.#endPage()
  }

  /** The seal over all rows added. Nothing may be added after it. */
  seal(): Seal {
    if (this.#rows % PAGE_ROWS !== 0) this.#endPage()
    return { contentHash: hashOfPages(this.#pages), pageHashes: this.#pages }
  }

  #endPage(): void {
    this.#pages.push(this.#page.digest('hex'))
    this.#page = createHash('sha256')
  }
}

function hashOfPages(pageHashes: readonly string[]): string {
  return createHash('sha256').update(pageHashes.join('\n')).digest('hex')
}

/** The page of a row, from 1. */
export const pageOf = (rowNumber: number): number => Math.ceil(rowNumber / PAGE_ROWS)

const hashPages = statement(
  'hash_batch_pages',
  { batchId: batches.id, firstPage: type.integer, lastPage: type.integer },
  (db, { batchId, firstPage, lastPage }) =>
    db
      .select({ page: sql<number>`page`, hash: sql<string>`hash` })
      .from(sql`batch_page_hashes(${batchId}, ${firstPage}, ${lastPage})`),
)

/**
 * Whether the stored rows of these pages are those that were sealed. Compares the rows' content hashes; whoever feeds
 * the rows compares each content with its hash.
 */
export async function isSealed(
  runner: StatementRunner,
  batchId: number,
  seal: Seal,
  [firstPage, lastPage]: readonly [number, number],
): Promise<boolean> {
  if (hashOfPages(seal.pageHashes) !== seal.contentHash) return false
  const pages = await hashPages(runner, { batchId, firstPage, lastPage })
  const expected = seal.pageHashes.slice(firstPage - 1, lastPage)
  return (
    pages.length === expected.length &&
    expected.every(
      (hash, position) => pages[position]?.page === firstPage + position && pages[position]?.hash === hash,
    )
  )
}

const updateSeal = statement(
  'seal_batch',
  {
    batchId: batches.id,
    actor: batches.actor,
    rowCount: type.integer,
    fileHash: type.text,
    contentHash: type.text,
    pageHashes: list(type.text),
  },
  (db, { batchId, actor, rowCount, fileHash, contentHash, pageHashes }) =>
    db
      .update(batches)
      .set({
        state: 'checked',
        reason: 'every_row_is_good',
        actor,
        rowCount,
        fileHash,
        contentHash,
        pageHashes,
        detail: sql`jsonb_build_object('rows', ${rowCount}, 'content_hash', ${contentHash})`,
      })
      .where(eq(batches.id, batchId)),
)

/** Thrown when the owner already has a batch of the same rows. */
export class SameRows extends Error {
  readonly contentHash: string

  constructor(contentHash: string) {
    super('same rows')
    this.contentHash = contentHash
  }
}

/**
 * Seals a draft.
 * @throws SameRows when its owner has a batch of these rows
 */
export async function sealBatch(
  runner: StatementRunner,
  batchId: number,
  { rows, actor, fileHash, seal }: { rows: number; actor: string; fileHash: string; seal: Seal },
): Promise<void> {
  const { contentHash, pageHashes } = seal
  try {
    await updateSeal(runner, { batchId, actor, rowCount: rows, fileHash, contentHash, pageHashes })
  } catch (error) {
    if (error instanceof StorageError && error.constraint === 'batches_same_rows')
      throw new SameRows(contentHash)
    throw error
  }
}

/** The batch that the owner already has of some rows. */
export interface KnownBatch {
  readonly is: 'known'
  readonly batchId: number
  readonly fileName: string
  readonly state: BatchState
}

const selectSameRows = statement(
  'find_batch_of_same_rows',
  { contentHash: type.text, owner: type.text },
  (db, { contentHash, owner }) =>
    db
      .select({ batchId: batches.id, fileName: batches.fileName, state: batches.state })
      .from(batches)
      .where(
        and(
          eq(batches.contentHash, contentHash),
          // As in the unique index, so that it serves this search.
          sql`coalesce(${batches.owner}, '') = ${owner}`,
          sql`${batches.state} <> 'cancelled'`,
        ),
      ),
)

/** The batch of this owner that has these rows; null when there is none. */
export async function findSameRows(
  runner: StatementRunner,
  owner: string | null,
  contentHash: string,
): Promise<KnownBatch | null> {
  const [known] = await selectSameRows(runner, { contentHash, owner: owner ?? '' })
  return known === undefined ? null : { is: 'known', ...known }
}
