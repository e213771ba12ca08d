import { and, asc, count, eq, sql } from 'drizzle-orm'
import { maskPhoneNumber } from '../core/masking.ts'
import { orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { batches, batchRows } from './schema.ts'
import {
  type BatchTotal,
  type GramPrices,
  type KindPreview,
  type LargeRow,
  readKinds,
  readLargestRows,
  totalOf,
} from './totals.ts'

/** What would happen if a batch ran now. Phone numbers are masked. */
export interface Preview {
  readonly kinds: readonly KindPreview[]
  readonly total: BatchTotal
  /** References that are orders with the same content: their rows get these orders. */
  readonly knownOrders: number
  /** References that are orders with other content. */
  readonly conflicts: number
  readonly withdrawals: number
  /** Rows whose deadline has passed. */
  readonly overdue: number
  /** Wallets that more than one row names. */
  readonly repeatedWallets: number
  /** The wallets that most rows name, masked. */
  readonly topWallets: readonly { readonly wallet: string; readonly rows: number }[]
  readonly largest: readonly LargeRow[]
}

const countKnown = statement('preview_known_references', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({
      knownOrders: sql<number>`(count(*) filter (where ${orders.contentHash} = ${batchRows.contentHash}))::int`,
      conflicts: sql<number>`(count(*) filter (where ${orders.contentHash} <> ${batchRows.contentHash}))::int`,
    })
    .from(batchRows)
    .innerJoin(orders, and(eq(orders.partner, batchRows.partner), eq(orders.reference, batchRows.reference)))
    .where(and(eq(batchRows.batchId, batchId), sql`${batchRows.state} = 'waiting'`)),
)

const countOverdue = statement('preview_overdue_rows', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({ overdue: count() })
    .from(batchRows)
    .where(and(eq(batchRows.batchId, batchId), sql`${batchRows.deadlineAt} <= now()`)),
)

const MOST_SHOWN = 5

const selectRepeatedWallets = statement(
  'preview_repeated_wallets',
  { batchId: batches.id },
  (db, { batchId }) =>
    db
      .select({
        wallet: batchRows.phoneNumber,
        rows: sql<number>`count(*)::int`,
        wallets: sql<number>`(count(*) over ())::int`,
      })
      .from(batchRows)
      .where(eq(batchRows.batchId, batchId))
      .groupBy(batchRows.phoneNumber)
      .having(sql`count(*) > 1`)
      .orderBy(sql`count(*) desc`, asc(batchRows.phoneNumber))
      .limit(MOST_SHOWN),
)

/** Reads what a batch would do. */
export async function readPreview(
  runner: StatementRunner,
  batchId: number,
  prices: GramPrices,
): Promise<Preview> {
  const kinds = await readKinds(runner, batchId, prices)
  const [known = { knownOrders: 0, conflicts: 0 }] = await countKnown(runner, { batchId })
  const [{ overdue } = { overdue: 0 }] = await countOverdue(runner, { batchId })
  const wallets = await selectRepeatedWallets(runner, { batchId })
  const largest = await readLargestRows(runner, batchId, prices)
  return {
    kinds,
    total: totalOf(kinds),
    ...known,
    withdrawals: kinds.find(({ kind }) => kind === 'withdraw')?.rows ?? 0,
    overdue,
    repeatedWallets: wallets[0]?.wallets ?? 0,
    topWallets: wallets.map(({ wallet, rows }) => ({ wallet: maskPhoneNumber(wallet), rows })),
    largest,
  }
}

const selectFirstWallet = statement('first_wallet_of_batch', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({ wallet: batchRows.phoneNumber })
    .from(batchRows)
    .where(eq(batchRows.batchId, batchId))
    .orderBy(asc(batchRows.rowNumber))
    .limit(1),
)

/** A wallet of the batch: the gateway gives its chart only to a wallet. */
export async function firstWalletOf(runner: StatementRunner, batchId: number): Promise<string | null> {
  const [row] = await selectFirstWallet(runner, { batchId })
  return row?.wallet ?? null
}
