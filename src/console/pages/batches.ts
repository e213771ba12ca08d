import { readPreview } from '../../batches/preview.ts'
import {
  type BatchProgress,
  type BatchSummary,
  listBatches,
  readBatchEvents,
  readProgress,
} from '../../batches/queries.ts'
import { html, type Markup } from '../../core/html.ts'
import { findNewestPrices } from '../../prices/newest-prices.ts'
import { commandForm } from '../html/forms.ts'
import {
  badge,
  code,
  countOf,
  EMPTY,
  empty,
  facts,
  gramsOf,
  link,
  rupiahOf,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, APPROVES, type Call, MAKES_SAFER, PROPOSES, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

const MOST_SHOWN = 100

/** Batches, the newest first. */
export async function batchesPage({ database, query, texts }: Call): Promise<Answer> {
  const isAll = query.get('ended') === 'yes'
  const batches = await listBatches(database, MOST_SHOWN, isAll, 0)
  const other = isAll
    ? link('/batches', texts('batches.open'))
    : link('/batches?ended=yes', texts('batches.all'))
  return page({
    title: texts('nav.batches'),
    isLive: true,
    main: html`<p class="tools">${other}</p>${batches.length === 0 ? empty(texts('batches.none')) : batchTable(batches, texts)}`,
  })
}

function batchTable(batches: readonly BatchSummary[], texts: Texts): Markup {
  const columns = [
    { heading: texts('col.number') },
    { heading: texts('col.file') },
    { heading: texts('col.state') },
    { heading: texts('col.rows'), isNumber: true },
    { heading: texts('col.done'), isNumber: true },
    { heading: texts('col.failed'), isNumber: true },
    { heading: texts('col.created') },
  ]
  const rows = batches.map((each) => [
    link(`/batches/${each.batchId}`, String(each.batchId)),
    safeText(each.fileName),
    badge(each.state, wordOf(texts, 'batch', each.state)),
    countOf(each.rows),
    countOf(each.ended),
    countOf(each.failed),
    html`${safeText(each.createdBy)}, ${timeTag(each.createdAt, texts)}`,
  ])
  return table(texts('nav.batches'), columns, rows)
}

/** The batch of a page. @throws ConsoleProblem when there is none */
export async function readBatchView({ database, params }: Call): Promise<BatchProgress> {
  const batchId = Number(/^\d{1,9}$/.exec(params.id ?? '')?.[0] ?? 0)
  const batch = batchId > 0 ? await readProgress(database, batchId) : null
  if (batch === null) throw new ConsoleProblem('not_found')
  return batch
}

/** What of a batch a person saw. */
export const seenOfBatch = ({ state, contentHash }: BatchProgress): string => `${state} ${contentHash}`

/** One batch: what it would do or did, its commands and its history. */
export async function batchPage(call: Call, problem?: string): Promise<Answer> {
  const { texts, database } = call
  const batch = await readBatchView(call)
  const events = await readBatchEvents(database, batch.batchId)
  const columns = ['col.when', 'col.state', 'col.reason', 'col.who', 'col.note'] as const
  const rows = events.map(({ at, toState, reason, actor, detail }) => [
    timeTag(at, texts),
    badge(toState, wordOf(texts, 'batch', toState)),
    reason.replaceAll('_', ' '),
    safeText(actor),
    detail === null ? '' : safeText(JSON.stringify(detail)),
  ])
  const history = table(
    texts('order.events'),
    columns.map((key) => ({ heading: texts(key) })),
    rows,
  )
  return page({
    title: `${texts('decision.batch')} ${batch.batchId}`,
    isLive: problem === undefined && batch.endedAt === null,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${factsOf(batch, texts)}${commands(call, batch)}${await preview(call, batch)}${section(texts('order.events'), history)}`,
  })
}

function factsOf(batch: BatchProgress, texts: Texts): Markup {
  const outcomes = Object.entries(batch.outcomes).map(
    ([outcome, count]) => `${countOf(count)} ${wordOf(texts, 'state', outcome)}`,
  )
  return facts([
    [texts('col.state'), badge(batch.state, wordOf(texts, 'batch', batch.state))],
    [texts('col.file'), safeText(batch.fileName)],
    [texts('col.rows'), `${countOf(batch.rows)}: ${outcomes.join(', ')}`],
    [texts('col.created'), html`${safeText(batch.createdBy)}, ${timeTag(batch.createdAt, texts)}`],
    [texts('col.who'), safeText(batch.approvedBy)],
    ['content hash', code(batch.contentHash)],
  ])
}

async function preview({ database, texts }: Call, { batchId, state }: BatchProgress): Promise<Markup> {
  if (state !== 'checked' && state !== 'approved') return EMPTY
  const prices = await findNewestPrices(database, null)
  const of = { buy: prices.buy?.rupiah ?? null, sell: prices.sell?.rupiah ?? null }
  const { kinds, knownOrders, conflicts, overdue, repeatedWallets } = await readPreview(database, batchId, of)
  const columns = [
    { heading: texts('col.kind') },
    { heading: texts('col.rows'), isNumber: true },
    { heading: texts('col.grams'), isNumber: true },
    { heading: texts('col.rupiah'), isNumber: true },
    { heading: texts('batches.estimated'), isNumber: true },
  ]
  const rows = kinds.map((each) => [
    wordOf(texts, 'kind', each.kind),
    countOf(each.rows),
    gramsOf(each.grams),
    rupiahOf(each.rupiah),
    rupiahOf(each.estimatedRupiah),
  ])
  const warnings = { known: knownOrders, conflicts, overdue, wallets: repeatedWallets }
  const values = Object.fromEntries(Object.entries(warnings).map(([name, count]) => [name, countOf(count)]))
  const title = texts('batches.preview')
  return section(title, html`${table(title, columns, rows)}<p>${texts('batches.warnings', values)}</p>`)
}

const MOVES = [
  { name: 'approve', from: ['checked'], roles: APPROVES },
  { name: 'run', from: ['approved'], roles: PROPOSES },
  { name: 'pause', from: ['running'], roles: MAKES_SAFER },
  { name: 'resume', from: ['paused'], roles: PROPOSES },
  { name: 'cancel', from: ['checked', 'approved', 'running', 'paused'], roles: MAKES_SAFER },
] as const

function commands(call: Call, batch: BatchProgress): Markup {
  const { texts } = call
  const forms = MOVES.filter(
    ({ from, roles }) => from.some((state) => state === batch.state) && call.may(...roles),
  ).map(({ name }) =>
    commandForm({
      id: name,
      action: `/batches/${batch.batchId}/${name}`,
      title: texts(`batches.${name}`),
      seen: seenOfBatch(batch),
      note: texts('note'),
      button: texts(`batches.${name}`),
      isDangerous: name === 'cancel',
    }),
  )
  return html`<div class="commands">${forms}</div>`
}
