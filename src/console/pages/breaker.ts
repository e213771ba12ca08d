import { breachOf } from '../../breaker/decide.ts'
import { type Figures, figuresByScope } from '../../breaker/figures.ts'
import { listProbes } from '../../breaker/probe-history.ts'
import { SUCCESSES_TO_OPEN } from '../../breaker/probes.ts'
import type { BreakerRules } from '../../breaker/rules.ts'
import { readFigures, readTrips, type TripRow } from '../../breaker/store.ts'
import { html, type Markup } from '../../core/html.ts'
import { formatGrams, formatRupiah, type GoldWeight } from '../../core/money.ts'
import {
  badge,
  columnsOf,
  countOf,
  EMPTY,
  empty,
  gramsOf,
  link,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { scopeInWords } from '../html/scope-words.ts'
import type { Call } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

const MOST_SHOWN = 20

/** The breaker: its figures against its thresholds, what it has closed, and its probes. */
export async function breakerSection(call: Call): Promise<Markup> {
  const { breaker, database, texts } = call
  if (breaker === null) return section(texts('breaker'), empty(texts('breaker.off')), 'breaker')
  const { windowSeconds, slowMs } = breaker
  const figures = figuresByScope(await readFigures(database, { windowSeconds, slowMs }))
  const trips = await readTrips(database, {})
  return section(
    texts('breaker'),
    html`<p>${texts('breaker.what', { s: countOf(windowSeconds), n: countOf(breaker.minConfirms) })}</p>
${figureTable([...figures], breaker, texts)}${trips.length === 0 ? EMPTY : tripTable(trips, texts)}${await probes(call)}`,
    'breaker',
  )
}

type Cell = (figures: Figures, rules: BreakerRules, texts: Texts) => string

const percent = (count: bigint | number, of: bigint | number): number =>
  Number(of) === 0 ? 0 : Math.floor((Number(count) * 100) / Number(of))

/** A figure and its threshold; a threshold of 0 is not watched. */
const against = (figure: string, limit: string, isWatched: boolean, texts: Texts): string =>
  isWatched ? `${figure} / ${limit}` : `${figure} (${texts('breaker.unwatched')})`

const share = (count: bigint | number, of: bigint | number, limit: number, texts: Texts): string =>
  against(`${percent(count, of)} %`, `${limit} %`, limit > 0, texts)

const CELLS: readonly Cell[] = [
  ({ confirms }) => countOf(confirms),
  ({ unknown, confirms }, { unknownPercent }, texts) => share(unknown, confirms, unknownPercent, texts),
  ({ rupiahInDoubt }, { rupiahInDoubt: limit }, texts) =>
    against(formatRupiah(rupiahInDoubt), formatRupiah(limit), limit > 0, texts),
  ({ gramsInDoubt }, { gramsInDoubt: limit }, texts) =>
    against(gramsOf(formatGrams(gramsInDoubt as GoldWeight)), gramsOf(formatGrams(limit)), limit > 0, texts),
  ({ rupiahInDoubt, rupiah }, { rupiahPercent }, texts) => share(rupiahInDoubt, rupiah, rupiahPercent, texts),
  ({ contradictions, confirms }, { contradictionPercent }, texts) =>
    share(contradictions, confirms, contradictionPercent, texts),
  ({ refusals, confirms }, { refusalPercent }, texts) =>
    `${share(refusals?.count ?? 0, confirms, refusalPercent, texts)}${refusals === null ? '' : ` (${wordOf(texts, 'reason', refusals.reason)})`}`,
  ({ slow, confirms }, { slowPercent }, texts) => share(slow, confirms, slowPercent, texts),
]

function figureTable(
  scopes: readonly (readonly [string, Figures])[],
  rules: BreakerRules,
  texts: Texts,
): Markup {
  if (scopes.length === 0) return empty(texts('breaker.quiet'))
  const columns = columnsOf(
    texts,
    [
      'switches.scope',
      'breaker.confirms',
      'breach.unknown',
      'breach.rupiah_in_doubt',
      'breach.grams_in_doubt',
      'breach.rupiah_share',
      'breach.contradictions',
      'breach.refusals',
      'breach.slow',
    ],
    [1, 2, 3, 4, 5, 6, 7, 8],
  )
  const rows = scopes.map(([scope, figures]) => {
    const breach = breachOf(figures, rules)
    const sign =
      breach === null ? EMPTY : html` <strong class="calls">! ${wordOf(texts, 'breach', breach.of)}</strong>`
    return [html`${scopeInWords(scope, texts)}${sign}`, ...CELLS.map((cell) => cell(figures, rules, texts))]
  })
  return table(texts('breaker.figures'), columns, rows)
}

function tripTable(trips: readonly TripRow[], texts: Texts): Markup {
  const columns = columnsOf(
    texts,
    ['switches.scope', 'breaker.breach', 'breaker.successes', 'breaker.pauses', 'breaker.next'],
    [2, 3],
  )
  const rows = trips.map((trip) => [
    scopeInWords(trip.scope, texts),
    wordOf(texts, 'breach', trip.breach),
    `${trip.successes} / ${SUCCESSES_TO_OPEN}`,
    countOf(trip.pauses),
    trip.orderId === null
      ? texts(trip.isPaused ? 'breaker.paused' : 'breaker.choosing')
      : html`${link(`/orders/${trip.orderId}`, texts('breaker.probing'))} (${wordOf(texts, 'state', trip.state)})`,
  ])
  return html`<h3>${texts('breaker.trips')}</h3>${table(texts('breaker.trips'), columns, rows)}`
}

async function probes({ database, texts }: Call): Promise<Markup> {
  const all = await listProbes(database, { limit: MOST_SHOWN })
  if (all.length === 0) return EMPTY
  const columns = columnsOf(texts, ['col.when', 'switches.scope', 'col.order', 'col.outcome'])
  const rows = all.map(({ chosenAt, scope, orderId, outcome }) => [
    timeTag(chosenAt, texts),
    scopeInWords(scope, texts),
    link(`/orders/${orderId}`, orderId),
    outcome === null
      ? texts('breaker.probing')
      : badge(outcome === 'refused' ? 'rejected' : outcome, wordOf(texts, 'probe', outcome)),
  ])
  return html`<h3>${texts('breaker.probes')}</h3>${table(texts('breaker.probes'), columns, rows)}`
}
