import { createHash } from 'node:crypto'
import type { StatementRunner } from '../postgres/pool.ts'

/** Rows that are hashed together: feeding a row reads this many to prove it. Equal to `batch_page_hashes` in Postgres. */
export const PAGE_ROWS = 1_000

/** What a row is hashed by. Its content hash is the submission's, over kind, wallet, content and deadline. */
export interface HashedRow {
  readonly partner: string
  readonly reference: string
  readonly contentHash: string
}

/** A batch's seal: what is approved is what runs. */
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
    // Neither may have control characters, so no two rows are written alike.
    this.#page.update(`${partner}\t${reference}\t${contentHash}\n`)
    this.#rows += 1
    if (this.#rows % PAGE_ROWS === 0) this.#turn()
  }

  /** The seal over all rows added; nothing may be added after it. */
  seal(): Seal {
    if (this.#rows % PAGE_ROWS !== 0) this.#turn()
    return { contentHash: hashOfPages(this.#pages), pageHashes: this.#pages }
  }

  #turn(): void {
    this.#pages.push(this.#page.digest('hex'))
    this.#page = createHash('sha256')
  }
}

function hashOfPages(pageHashes: readonly string[]): string {
  return createHash('sha256').update(pageHashes.join('\n')).digest('hex')
}

/** The page a row is on, from 1. */
export const pageOf = (rowNumber: number): number => Math.ceil(rowNumber / PAGE_ROWS)

const HASH_PAGES = {
  name: 'hash_batch_pages',
  text: 'SELECT page, hash FROM batch_page_hashes($1, $2, $3)',
}

/**
 * Whether the stored rows of these pages are still those that were sealed. The rows' own contents are held against
 * their content hashes by whoever feeds them.
 */
export async function isSealed(
  runner: StatementRunner,
  batchId: number,
  seal: Seal,
  [firstPage, lastPage]: readonly [number, number],
): Promise<boolean> {
  if (hashOfPages(seal.pageHashes) !== seal.contentHash) return false
  const pages = await runner.run<{ page: number; hash: string }>(HASH_PAGES, [batchId, firstPage, lastPage])
  const expected = seal.pageHashes.slice(firstPage - 1, lastPage)
  return (
    pages.length === expected.length &&
    expected.every(
      (hash, position) => pages[position]?.page === firstPage + position && pages[position]?.hash === hash,
    )
  )
}
