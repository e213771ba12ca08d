import { type Preview, readPreview } from '../../batches/preview.ts'
import type { BatchProgress } from '../../batches/queries.ts'
import type { BatchTotal, RupiahSum } from '../../batches/totals.ts'
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
  timeTag,
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

/** Rupiah that rows state, and what is estimated for those that state grams. */
function sumText({ stated, estimated, total }: RupiahSum, texts: Texts): string {
  if (total === null || estimated === null) return texts('batches.at_least', { rupiah: rupiahOf(stated) })
  return estimated === '0'
    ? rupiahOf(total)
    : texts('batches.total', { rupiah: rupiahOf(total), estimated: rupiahOf(estimated) })
}

function movedText({ movedGrams, movedWorth }: BatchTotal, texts: Texts): string {
  const grams = gramsOf(movedGrams)
  return movedWorth === null || movedWorth === '0'
    ? grams
    : texts('batches.worth', { grams, rupiah: rupiahOf(movedWorth) })
}

function totals({ total }: Preview, { buy, sell }: NewestPrices, texts: Texts): Markup {
  const priceOf = (price: typeof buy) =>
    price === null
      ? texts('batches.no_price')
      : html`${rupiahOf(String(price.rupiah))}${price.from === 'captured' ? html` (${price.day}, ${timeTag(price.capturedAt, texts)})` : ''}`
  return facts([
    [texts('batches.to_pay'), html`<strong>${sumText(total.toPay, texts)}</strong>`],
    [texts('batches.to_receive'), sumText(total.toReceive, texts)],
    [texts('batches.moved'), movedText(total, texts)],
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
  const rows = found.map(({ rowNumber, reference, kind, grams, rupiah, estimatedRupiah }) => [
    String(rowNumber),
    safeText(reference),
    wordOf(texts, 'kind', kind),
    gramsOf(grams),
    rupiah === null && estimatedRupiah !== null
      ? texts('batches.about', { rupiah: rupiahOf(estimatedRupiah) })
      : rupiahOf(rupiah),
  ])
  const keys = ['col.number', 'filter.reference', 'col.kind', 'col.grams', 'col.rupiah'] as const
  return table(texts('batches.largest'), columnsOf(texts, keys, [3, 4]), rows)
}
