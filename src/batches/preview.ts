import { and, asc, count, desc, eq, sql } from 'drizzle-orm'
import { maskPhoneNumber } from '../core/masking.ts'
import type { Rupiah } from '../core/money.ts'
import type { OrderKind } from '../orders/command.ts'
import { attempts, orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, type Queries, statement } from '../postgres/statement.ts'
import { batches, batchRows } from './schema.ts'

/** The chart's price of a gram; null when it is not known. Fees are first known from quotes. */
export interface GramPrices {
  readonly buy: Rupiah | null
  readonly sell: Rupiah | null
}

/** What the rows of one kind order. Grams have four decimals; rupiah are digits. */
export interface KindPreview {
  readonly kind: OrderKind
  readonly rows: number
  /** The sum of the grams in the rows. */
  readonly grams: string
  /** The grams that the rupiah in the rows would buy; null when the price is not known. */
  readonly estimatedGrams: string | null
  /** The sum of the rupiah in the rows. */
  readonly rupiah: string
  /** The rupiah that the grams in the rows would cost or yield; null when the price is not known. */
  readonly estimatedRupiah: string | null
}

export interface LargeRow {
  readonly rowNumber: number
  readonly reference: string
  readonly kind: OrderKind
  readonly grams: string | null
  readonly rupiah: string | null
}

/** What would happen if a batch ran now. Phone numbers are masked. */
export interface Preview {
  readonly kinds: readonly KindPreview[]
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

/** What a row orders, as numbers, and the price of its kind. */
function rowTerms(db: Queries, batchId: ReturnType<typeof sql<number>>, price: ReturnType<typeof sql>) {
  return db
    .select({
      rowNumber: batchRows.rowNumber,
      reference: batchRows.reference,
      kind: batchRows.kind,
      grams: sql`(${batchRows.content} ->> 'gold_weight')::numeric`.as('row_grams'),
      rupiah: sql`(${batchRows.content} ->> 'amount')::numeric`.as('row_rupiah'),
      price: sql`${price}::numeric`.as('row_price'),
    })
    .from(batchRows)
    .where(eq(batchRows.batchId, batchId))
    .as('terms')
}

const previewKinds = statement(
  'preview_batch_kinds',
  { batchId: batches.id, buy: nullable(attempts.amount), sell: nullable(attempts.amount) },
  (db, { batchId, buy, sell }) => {
    // A transfer and a withdrawal have no price: they move gold.
    const price = sql`case ${batchRows.kind} when 'buy' then ${buy} when 'sell' then ${sell} end`
    const terms = rowTerms(db, batchId, sql`(${price})`)
    return db
      .select({
        kind: terms.kind,
        rows: sql<number>`count(*)::int`,
        grams: sql<string>`coalesce(sum(${terms.grams}), 0)::numeric(20, 4)::text`,
        rupiah: sql<string>`coalesce(sum(${terms.rupiah}), 0)::text`,
        estimatedGrams: sql<string | null>`case when count(${terms.rupiah}) = 0 then '0.0000'
          else round(sum(${terms.rupiah}) / min(${terms.price}), 4)::text end`,
        estimatedRupiah: sql<string | null>`case when ${terms.kind} in ('transfer', 'withdraw') then '0'
          else round(coalesce(sum(${terms.grams}), 0) * min(${terms.price}))::text end`,
      })
      .from(terms)
      .groupBy(terms.kind)
      .orderBy(asc(terms.kind))
  },
)

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

const selectLargest = statement(
  'preview_largest_rows',
  { batchId: batches.id, buy: nullable(attempts.amount) },
  (db, { batchId, buy }) => {
    const terms = rowTerms(db, batchId, buy)
    return (
      db
        .select({
          rowNumber: terms.rowNumber,
          reference: terms.reference,
          kind: terms.kind,
          grams: sql<string | null>`${terms.grams}::text`,
          rupiah: sql<string | null>`${terms.rupiah}::text`,
        })
        .from(terms)
        // Without a price, grams and rupiah are compared at a nominal one.
        .orderBy(
          desc(sql`coalesce(${terms.rupiah}, ${terms.grams} * coalesce(${terms.price}, 1000000))`),
          asc(terms.rowNumber),
        )
        .limit(MOST_SHOWN)
    )
  },
)

/** Reads what a batch would do. */
export async function readPreview(
  runner: StatementRunner,
  batchId: number,
  { buy, sell }: GramPrices,
): Promise<Preview> {
  const kinds = await previewKinds(runner, { batchId, buy, sell })
  const [known = { knownOrders: 0, conflicts: 0 }] = await countKnown(runner, { batchId })
  const [{ overdue } = { overdue: 0 }] = await countOverdue(runner, { batchId })
  const wallets = await selectRepeatedWallets(runner, { batchId })
  const largest = await selectLargest(runner, { batchId, buy })
  return {
    kinds,
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
