import { type KindPreview, type Preview, readPreview } from '../../batches/preview.ts'
import type { BatchProgress } from '../../batches/queries.ts'
import { html, type Markup } from '../../core/html.ts'
import { findNewestPrices, type NewestPrices } from '../../prices/newest-prices.ts'
import {
  columnsOf,
  countOf,
  EMPTY,
  facts,
  gramsOf,
  rupiahOf,
  safeText,
  section,
  table,
} from '../html/parts.ts'
import type { Call } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

/** What a batch that has not run would do: the total to pay, each kind, what to check, and its largest rows. */
export async function batchPreview(
  { database, texts }: Call,
  { batchId, state }: BatchProgress,
): Promise<Markup> {
  if (state !== 'checked' && state !== 'approved') return EMPTY
  const prices = await findNewestPrices(database, null)
  const of = { buy: prices.buy?.rupiah ?? null, sell: prices.sell?.rupiah ?? null }
  const preview = await readPreview(database, batchId, of)
  const { knownOrders: known, conflicts, overdue, repeatedWallets: wallets, withdrawals } = preview
  const counts = { known, conflicts, overdue, wallets, withdrawals }
  const values = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, countOf(count)]))
  const title = texts('batches.preview')
  return section(
    title,
    html`${totals(preview, prices, texts)}${kindTable(preview, texts)}<p>${texts('batches.warnings', values)}</p>
<h3>${texts('batches.largest')}</h3>${largest(preview, texts)}`,
    'preview',
  )
}

/** The rupiah of one kind: stated in its rows, and estimated for those that state grams. */
function sumOf({ kinds }: Preview, kind: KindPreview['kind'], texts: Texts): string {
  const found = kinds.find((each) => each.kind === kind)
  if (found === undefined) return rupiahOf('0')
  const { rupiah, estimatedRupiah } = found
  if (estimatedRupiah === null) return texts('batches.at_least', { rupiah: rupiahOf(rupiah) })
  const total = rupiahOf(String(BigInt(rupiah) + BigInt(estimatedRupiah)))
  return estimatedRupiah === '0'
    ? total
    : texts('batches.total', { rupiah: total, estimated: rupiahOf(estimatedRupiah) })
}

function totals(preview: Preview, { buy, sell }: NewestPrices, texts: Texts): Markup {
  const priceOf = (price: typeof buy) =>
    price === null
      ? texts('batches.no_price')
      : `${rupiahOf(String(price.rupiah))}${price.from === 'captured' ? ` (${price.day})` : ''}`
  return facts([
    [texts('batches.to_pay'), html`<strong>${sumOf(preview, 'buy', texts)}</strong>`],
    [texts('batches.to_receive'), sumOf(preview, 'sell', texts)],
    [texts('batches.price_buy'), priceOf(buy)],
    [texts('batches.price_sell'), priceOf(sell)],
    [texts('batches.fees'), texts('batches.fees.what')],
  ])
}

function kindTable({ kinds }: Preview, texts: Texts): Markup {
  const rows = kinds.map((each) => [
    wordOf(texts, 'kind', each.kind),
    countOf(each.rows),
    gramsOf(each.grams),
    gramsOf(each.estimatedGrams),
    rupiahOf(each.rupiah),
    rupiahOf(each.estimatedRupiah),
  ])
  const keys = [
    'col.kind',
    'col.rows',
    'col.grams',
    'batches.estimated_grams',
    'col.rupiah',
    'batches.estimated',
  ] as const
  return table(texts('batches.preview'), columnsOf(texts, keys, [1, 2, 3, 4, 5]), rows)
}

function largest({ largest: found }: Preview, texts: Texts): Markup {
  const rows = found.map(({ rowNumber, reference, kind, grams, rupiah }) => [
    String(rowNumber),
    safeText(reference),
    wordOf(texts, 'kind', kind),
    gramsOf(grams),
    rupiahOf(rupiah),
  ])
  const keys = ['col.number', 'filter.reference', 'col.kind', 'col.grams', 'col.rupiah'] as const
  return table(texts('batches.largest'), columnsOf(texts, keys, [3, 4]), rows)
}
