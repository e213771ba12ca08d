import { progressCountsOf } from '../../batches/progress.ts'
import { type BatchProgress, readBatchEvents, readProgress } from '../../batches/queries.ts'
import { NOTHING } from '../../core/format.ts'
import { html, type Markup } from '../../core/html.ts'
import { commandForm } from '../html/forms.ts'
import {
  badge,
  code,
  columnsOf,
  countOf,
  detailOf,
  facts,
  link,
  safeText,
  section,
  spanOf,
  table,
  timeTag,
} from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, APPROVES, type Call, MAKES_SAFER, PROPOSES, page } from '../route.ts'
import { type Shown, seenOf } from '../stale.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { batchPreview } from './batch-preview.ts'

/** The batch of a page. @throws ConsoleProblem when there is none */
export async function readBatchView({ database, params }: Call): Promise<BatchProgress> {
  const batchId = Number(/^\d{1,9}$/.exec(params.id ?? '')?.[0] ?? 0)
  const batch = batchId > 0 ? await readProgress(database, batchId) : null
  if (batch === null) throw new ConsoleProblem('not_found')
  return batch
}

/** What of a batch a person saw. */
export const shownOfBatch = ({ state, reason, rows, contentHash }: BatchProgress): Shown => ({
  state,
  reason,
  rows,
  content: contentHash,
})

/** One batch: what it would do or did, its commands and its history. */
export async function batchPage(call: Call, problem?: string): Promise<Answer> {
  const { texts, database } = call
  const batch = await readBatchView(call)
  const events = await readBatchEvents(database, batch.batchId)
  const rows = events.map(({ at, toState, reason, actor, detail }) => [
    timeTag(at, texts),
    badge(toState, wordOf(texts, 'batch', toState)),
    wordOf(texts, 'reason', reason),
    safeText(actor),
    detailOf(detail),
  ])
  const title = texts('order.events')
  const columns = columnsOf(texts, ['col.when', 'col.state', 'col.reason', 'col.who', 'col.note'])
  return page({
    title: `${texts('decision.batch')} ${batch.batchId}`,
    isLive: problem === undefined && batch.endedAt === null,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${factsOf(batch, texts)}${progress(batch, texts)}
<p class="tools"><a href="/batches/${batch.batchId}/results.csv">${texts('batches.results')}</a> <a href="/batches/${batch.batchId}/accounting.csv">${texts('batches.accounting')}</a></p>
${commands(call, batch)}${await batchPreview(call, batch)}${section(title, table(title, columns, rows))}`,
  })
}

function factsOf(batch: BatchProgress, texts: Texts): Markup {
  const { planId, plan, stopAfterFailures, ratePerSecond } = batch
  const paces = [
    ...(ratePerSecond === null ? [] : [texts('batches.rate', { n: countOf(ratePerSecond) })]),
    ...(stopAfterFailures === null ? [] : [texts('batches.stops', { n: countOf(stopAfterFailures) })]),
  ]
  return facts([
    [
      texts('col.state'),
      html`${badge(batch.state, wordOf(texts, 'batch', batch.state))} ${wordOf(texts, 'reason', batch.reason)}`,
    ],
    [texts('col.file'), safeText(batch.fileName)],
    [texts('col.partner'), batch.owner ?? NOTHING],
    [texts('col.created'), html`${safeText(batch.createdBy)}, ${timeTag(batch.createdAt, texts)}`],
    [texts('batches.approved_by'), safeText(batch.approvedBy)],
    ...(plan === null || planId === null
      ? []
      : ([[texts('nav.plans'), link(`/plans/${planId}`, safeText(plan))]] as const)),
    ...(batch.runAt === null ? [] : ([[texts('batches.run_at'), timeTag(batch.runAt, texts)]] as const)),
    ...(paces.length === 0 ? [] : ([[texts('batches.pace'), paces.join(', ')]] as const)),
    [texts('batches.hash'), code(batch.contentHash)],
  ])
}

/** How far it is, in numbers and as a bar. */
function progress(batch: BatchProgress, texts: Texts): Markup {
  const counts = progressCountsOf(batch, Date.now())
  const ended = batch.rows - counts.waiting - counts.underWay - counts.notSent
  const words = ['succeeded', 'failed', 'inDoubt', 'underWay', 'waiting', 'notSent'] as const
  const shown = words
    .filter((word) => counts[word] > 0)
    .map((word) => `${countOf(counts[word])} ${texts(`batches.${word}`)}`)
  const left =
    batch.state === 'running' && counts.secondsLeft !== null
      ? texts('batches.left', {
          span: spanOf(counts.secondsLeft * 1_000, texts),
          n: countOf(Math.round(counts.perSecond)),
        })
      : ''
  const label = texts('batches.progress', { n: countOf(ended), all: countOf(batch.rows) })
  return html`<p class="progress"><progress max="${batch.rows}" value="${ended}" aria-label="${label}"></progress> ${label}
<span class="soft">${[...shown, left].filter((each) => each !== '').join(' · ')}</span></p>`
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
      seen: seenOf(shownOfBatch(batch)),
      note: texts('note'),
      button: texts(`batches.${name}`),
      isDangerous: name === 'cancel',
    }),
  )
  return html`<div class="commands">${forms}</div>`
}
