import { asc, desc, eq, sql } from 'drizzle-orm'
import type { Rupiah } from '../core/money.ts'
import type { OrderKind } from '../orders/command.ts'
import { attempts } from '../orders/schema.ts'
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
  /**
   * What the gold of transfers and withdrawals would cost at the buying price: nobody pays it. Null for buys and sells, and
   * when the price is not known.
   */
  readonly worthRupiah: string | null
}

export interface LargeRow {
  readonly rowNumber: number
  readonly reference: string
  readonly kind: OrderKind
  readonly grams: string | null
  readonly rupiah: string | null
  /** What its grams cost, yield or are worth; null when it states rupiah, or the price is not known. */
  readonly estimatedRupiah: string | null
}

/** A sum of rupiah, as digits. */
export interface RupiahSum {
  /** What the rows state. */
  readonly stated: string
  /** What their grams come to at the price; null when there are grams and the price is not known. */
  readonly estimated: string | null
  /** Both together; null when the estimate is. */
  readonly total: string | null
}

/** What whoever approves a batch decides about. Fees are not in it: they are not known before the checkout. */
export interface BatchTotal {
  /** What its buys pay. */
  readonly toPay: RupiahSum
  /** What its sells yield. */
  readonly toReceive: RupiahSum
  /** The gold that leaves wallets by transfers and withdrawals: grams, and what they would cost to buy. */
  readonly movedGrams: string
  readonly movedWorth: string | null
}

/** What a row orders, as numbers, and the price of its kind. Transfers and withdrawals count at the buying price. */
function rowTerms(
  db: Queries,
  batchId: ReturnType<typeof sql<number>>,
  { buy, sell }: Record<'buy' | 'sell', ReturnType<typeof sql>>,
) {
  return db
    .select({
      rowNumber: batchRows.rowNumber,
      reference: batchRows.reference,
      kind: batchRows.kind,
      grams: sql`(${batchRows.content} ->> 'gold_weight')::numeric`.as('row_grams'),
      rupiah: sql`(${batchRows.content} ->> 'amount')::numeric`.as('row_rupiah'),
      price: sql`(case ${batchRows.kind} when 'sell' then ${sell} else ${buy} end)::numeric`.as('row_price'),
    })
    .from(batchRows)
    .where(eq(batchRows.batchId, batchId))
    .as('terms')
}

const PRICES = { batchId: batches.id, buy: nullable(attempts.amount), sell: nullable(attempts.amount) }

const selectKinds = statement('preview_batch_kinds', PRICES, (db, { batchId, ...prices }) => {
  const terms = rowTerms(db, batchId, prices)
  // A transfer and a withdrawal cost no rupiah: they move gold.
  const moves = sql`${terms.kind} in ('transfer', 'withdraw')`
  const priced = sql`case when count(${terms.grams}) = 0 then '0'
    else round(sum(${terms.grams}) * min(${terms.price}))::text end`
  return db
    .select({
      kind: terms.kind,
      rows: sql<number>`count(*)::int`,
      grams: sql<string>`coalesce(sum(${terms.grams}), 0)::numeric(20, 4)::text`,
      rupiah: sql<string>`coalesce(sum(${terms.rupiah}), 0)::text`,
      estimatedGrams: sql<string | null>`case when count(${terms.rupiah}) = 0 then '0.0000'
        else round(sum(${terms.rupiah}) / min(${terms.price}), 4)::text end`,
      estimatedRupiah: sql<string | null>`case when ${moves} then '0' else ${priced} end`,
      worthRupiah: sql<string | null>`case when ${moves} then ${priced} end`,
    })
    .from(terms)
    .groupBy(terms.kind)
    .orderBy(asc(terms.kind))
})

/** The rows, grams and rupiah of each kind in a batch. */
export async function readKinds(
  runner: StatementRunner,
  batchId: number,
  prices: GramPrices,
): Promise<KindPreview[]> {
  return await selectKinds(runner, { batchId, ...prices })
}

const MOST_LARGE_ROWS = 10

const selectLargest = statement('preview_largest_rows', PRICES, (db, { batchId, ...prices }) => {
  const terms = rowTerms(db, batchId, prices)
  return (
    db
      .select({
        rowNumber: terms.rowNumber,
        reference: terms.reference,
        kind: terms.kind,
        grams: sql<string | null>`${terms.grams}::text`,
        rupiah: sql<string | null>`${terms.rupiah}::text`,
        estimatedRupiah: sql<string | null>`round(${terms.grams} * ${terms.price})::text`,
      })
      .from(terms)
      // Without a price, grams and rupiah are ranked at a nominal one, which is never shown.
      .orderBy(
        desc(sql`coalesce(${terms.rupiah}, ${terms.grams} * coalesce(${terms.price}, 1000000))`),
        asc(terms.rowNumber),
      )
      .limit(MOST_LARGE_ROWS)
  )
})

/** The rows of a batch with the most rupiah, stated or estimated, the largest first. */
export async function readLargestRows(
  runner: StatementRunner,
  batchId: number,
  prices: GramPrices,
): Promise<LargeRow[]> {
  return await selectLargest(runner, { batchId, ...prices })
}

/** One total of the kinds of a batch. */
export function totalOf(kinds: readonly KindPreview[]): BatchTotal {
  const moved = kinds.filter(({ kind }) => kind === 'transfer' || kind === 'withdraw')
  const worths = moved.map(({ worthRupiah }) => worthRupiah)
  return {
    toPay: sumOf(kinds.find(({ kind }) => kind === 'buy')),
    toReceive: sumOf(kinds.find(({ kind }) => kind === 'sell')),
    movedGrams: sumOfGrams(moved.map(({ grams }) => grams)),
    movedWorth: worths.some((worth) => worth === null)
      ? null
      : String(worths.reduce((sum, worth) => sum + BigInt(worth ?? 0), 0n)),
  }
}

function sumOf(kind: KindPreview | undefined): RupiahSum {
  if (kind === undefined) return { stated: '0', estimated: '0', total: '0' }
  const { rupiah: stated, estimatedRupiah: estimated } = kind
  return {
    stated,
    estimated,
    total: estimated === null ? null : String(BigInt(stated) + BigInt(estimated)),
  }
}

/** Postgres prints grams with four decimals, so without the point they are integers. */
function sumOfGrams(weights: readonly string[]): string {
  const units = weights.reduce((sum, grams) => sum + BigInt(grams.replace('.', '')), 0n)
  const digits = String(units).padStart(5, '0')
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`
}
