import { maskPhoneNumber } from '../core/masking.ts'
import type { Rupiah } from '../core/money.ts'
import type { OrderKind } from '../orders/command.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'

/** The chart's price of a gram; null when nobody could be asked. Fees are first known from quotes. */
export interface GramPrices {
  readonly buy: Rupiah | null
  readonly sell: Rupiah | null
}

/** What the rows of one kind ask for. Text is Postgres's own: grams with four decimals, rupiah digits. */
export interface KindPreview {
  readonly kind: OrderKind
  readonly rows: number
  /** Grams that the rows name, and those that the named rupiah would buy; null when the price is not known. */
  readonly grams: string
  readonly estimatedGrams: string | null
  /** Rupiah that the rows name, and those that the named grams would cost or bring. */
  readonly rupiah: string
  readonly estimatedRupiah: string | null
}

export interface LargeRow {
  readonly rowNumber: number
  readonly reference: string
  readonly kind: OrderKind
  readonly grams: string | null
  readonly rupiah: string | null
}

/** What would happen if a batch ran now. Shows no phone number whole. */
export interface Preview {
  readonly kinds: readonly KindPreview[]
  /** References that are orders already: with the same content they are these orders, with other content conflicts. */
  readonly knownOrders: number
  readonly conflicts: number
  readonly withdrawals: number
  /** Deadlines that have passed already. */
  readonly overdue: number
  readonly repeatedWallets: number
  /** The wallets that most rows name. */
  readonly topWallets: readonly { readonly wallet: string; readonly rows: number }[]
  readonly largest: readonly LargeRow[]
}

const ROW_TERMS = `(r.content ->> 'gold_weight')::numeric AS grams, (r.content ->> 'amount')::numeric AS rupiah`

// A transfer and a withdrawal have no price: they move gold.
const PRICE = `CASE r.kind WHEN 'buy' THEN $2::numeric WHEN 'sell' THEN $3::numeric END`

const KINDS = {
  name: 'preview_batch_kinds',
  text: `
    SELECT kind, count(*)::int AS rows, coalesce(sum(grams), 0)::numeric(20,4)::text AS grams,
      coalesce(sum(rupiah), 0)::text AS rupiah,
      CASE WHEN count(rupiah) = 0 THEN '0.0000' ELSE round(sum(rupiah) / min(price), 4)::text END AS "estimatedGrams",
      CASE WHEN kind IN ('transfer', 'withdraw') THEN '0' ELSE round(coalesce(sum(grams), 0) * min(price))::text END AS "estimatedRupiah"
    FROM (SELECT r.kind, ${ROW_TERMS}, ${PRICE} AS price FROM batch_rows r WHERE r.batch_id = $1) x
    GROUP BY kind ORDER BY kind`,
}

const KNOWN = {
  name: 'preview_known_references',
  text: `
    SELECT (count(*) FILTER (WHERE o.content_hash = r.content_hash))::int AS "knownOrders",
      (count(*) FILTER (WHERE o.content_hash <> r.content_hash))::int AS conflicts
    FROM batch_rows r JOIN orders o ON o.partner = r.partner AND o.reference = r.reference
    WHERE r.batch_id = $1 AND r.state = 'waiting'`,
}

const OVERDUE = {
  name: 'preview_overdue_rows',
  text: `SELECT count(*)::int AS overdue FROM batch_rows WHERE batch_id = $1 AND deadline_at <= now()`,
}

const WALLETS = {
  name: 'preview_repeated_wallets',
  text: `
    SELECT phone_number AS wallet, count(*)::int AS rows, (count(*) OVER ())::int AS wallets
    FROM batch_rows WHERE batch_id = $1
    GROUP BY 1 HAVING count(*) > 1 ORDER BY rows DESC, wallet LIMIT 5`,
}

// Without a price, grams and rupiah cannot be compared: then each is compared with its own.
const LARGEST = {
  name: 'preview_largest_rows',
  text: `
    SELECT row_number AS "rowNumber", reference, kind, grams::text, rupiah::text FROM (
      SELECT r.row_number, r.reference, r.kind, ${ROW_TERMS}, $2::numeric AS price FROM batch_rows r WHERE r.batch_id = $1
    ) x
    ORDER BY coalesce(rupiah, grams * coalesce(price, 1000000)) DESC, row_number LIMIT 5`,
}

/** Reads what a batch would do. */
export async function readPreview(session: Session, batchId: number, prices: GramPrices): Promise<Preview> {
  const { buy, sell } = prices
  const kinds = await session.run<KindPreview>(KINDS, [batchId, buy, sell])
  const [known] = await session.run<{ knownOrders: number; conflicts: number }>(KNOWN, [batchId])
  const [{ overdue } = { overdue: 0 }] = await session.run<{ overdue: number }>(OVERDUE, [batchId])
  const wallets = await session.run<{ wallet: string; rows: number; wallets: number }>(WALLETS, [batchId])
  const largest = await session.run<LargeRow>(LARGEST, [batchId, buy])
  return {
    kinds,
    ...(known ?? { knownOrders: 0, conflicts: 0 }),
    withdrawals: kinds.find(({ kind }) => kind === 'withdraw')?.rows ?? 0,
    overdue,
    repeatedWallets: wallets[0]?.wallets ?? 0,
    topWallets: wallets.map(({ wallet, rows }) => ({ wallet: maskPhoneNumber(wallet), rows })),
    largest,
  }
}

const FIRST_WALLET = {
  name: 'first_wallet_of_batch',
  text: `SELECT phone_number AS wallet FROM batch_rows WHERE batch_id = $1 ORDER BY row_number LIMIT 1`,
}

/** A wallet of the batch, for the gateway tells its chart to wallets only. */
export async function walletOf(runner: StatementRunner, batchId: number): Promise<string | null> {
  const [row] = await runner.run<{ wallet: string }>(FIRST_WALLET, [batchId])
  return row?.wallet ?? null
}
