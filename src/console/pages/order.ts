import { NOTHING } from '../../core/format.ts'
import { html, type Markup } from '../../core/html.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { describeContent } from '../../orders/describe-content.ts'
import type { OrderStory } from '../../orders/queries/order-story.ts'
import { readMatchedLines } from '../../reconciliation/matched-lines.ts'
import { readOrderDeliveries } from '../../webhooks/order-deliveries.ts'
import {
  badge,
  code,
  detailOf,
  EMPTY,
  empty,
  facts,
  gramsOf,
  joined,
  link,
  rupiahOf,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { orderCommands } from './order-forms.ts'
import { readOrderView } from './order-view.ts'
import { probeNotice, waitsOf } from './order-waits.ts'
import { stateDiagram, wayInWords } from './state-diagram.ts'

export interface Shown {
  /** Why the command of this page was refused. */
  readonly problem?: string
  /** The audit has it that this person asked for the number. */
  readonly showsNumber?: true
}

/** Everything that is known of one order, and what may be done about it. */
export async function orderPage(call: Call, shown: Shown = {}): Promise<Answer> {
  const { texts } = call
  const view = await readOrderView(call)
  const { story } = view
  const doubt = story.state === 'in_doubt' ? html`<p class="calls">! ${texts('order.doubt')}</p>` : EMPTY
  return page({
    title: `${story.partner}/${story.reference}`,
    isLive: story.settledAt === null && shown.problem === undefined,
    ...(shown.problem === undefined ? {} : { problem: shown.problem, status: 409 }),
    main: html`${doubt}${await probeNotice(call, story)}${factsOf(story, shown, texts)}
${await orderCommands(call, view)}
${section(texts('order.way'), html`${stateDiagram(story.events, texts)}${wayInWords(story.events, texts)}`)}
${attempts(story, texts)}${events(story, texts)}
${await statementLines(call, story)}${await webhooks(call, story)}`,
  })
}

function factsOf(story: OrderStory, { showsNumber }: Shown, texts: Texts): Markup {
  const { phoneNumber, sessionId, responseId } = story
  const executed =
    sessionId === null && responseId === null
      ? []
      : ([
          [
            texts('order.executed'),
            html`${gramsOf(story.goldWeight)} · ${rupiahOf(story.amount)} + ${rupiahOf(story.fee)}`,
          ],
          ['session_id', code(sessionId)],
          ['response_id', code(responseId)],
          ['request_id', code(story.requestId)],
        ] as const)
  const trouble = story.trouble === null ? [] : ([[texts('order.trouble'), safeText(story.trouble)]] as const)
  return facts([
    [
      texts('col.state'),
      html`${badge(story.state, wordOf(texts, 'state', story.state))} ${wordOf(texts, 'reason', story.reason)}`,
    ],
    [texts('col.kind'), wordOf(texts, 'kind', story.kind)],
    [texts('col.wallet'), showsNumber === true ? phoneNumber : maskPhoneNumber(phoneNumber)],
    [texts('order.content'), contentOf(story)],
    [texts('col.accepted'), timeTag(story.acceptedAt, texts)],
    [texts('order.deadline'), timeTag(story.deadlineAt, texts)],
    [texts('order.origin'), originOf(story, texts)],
    ...waitsOf(story, texts),
    ...executed,
    ...trouble,
    ['order_id', code(story.orderId)],
  ])
}

const contentOf = ({ content }: OrderStory): string => safeText(describeContent(content)) || NOTHING

function originOf({ batchRows, planRun }: OrderStory, texts: Texts): Markup {
  const rows = batchRows.map(({ batchId, rowNumber }) => {
    const row = { n: String(batchId), row: String(rowNumber) }
    return html`${link(`/batches/${batchId}`, texts('order.origin.batch', row))} `
  })
  const plan =
    planRun === null
      ? EMPTY
      : link(`/plans/${planRun.planId}`, texts('order.origin.plan', { name: planRun.name }))
  return rows.length === 0 && planRun === null ? html`${texts('order.origin.partner')}` : html`${rows}${plan}`
}

function attempts({ attemptStories }: OrderStory, texts: Texts): Markup {
  const isTraced = attemptStories.some(({ traceId }) => traceId !== null)
  const columns = [
    { heading: '#', isNumber: true },
    { heading: texts('col.when') },
    { heading: texts('col.quote') },
    { heading: texts('col.grams'), isNumber: true },
    { heading: texts('col.rupiah'), isNumber: true },
    { heading: texts('col.outcome') },
    { heading: texts('col.took'), isNumber: true },
    { heading: texts('col.reply') },
    ...(isTraced ? [{ heading: texts('col.trace') }] : []),
  ]
  const rows = attemptStories.map((attempt) => [
    String(attempt.seq),
    timeTag(attempt.intentAt, texts),
    code(attempt.quoteId),
    gramsOf(attempt.quotedGoldWeight),
    html`${rupiahOf(attempt.quotedAmount)}${attempt.quotedFee === null ? EMPTY : html` + ${rupiahOf(attempt.quotedFee)}`}`,
    badge(attempt.outcome, wordOf(texts, 'attempt', attempt.outcome)),
    attempt.endedAt === null ? '' : `${attempt.endedAt.getTime() - attempt.intentAt.getTime()} ms`,
    html`${attempt.httpStatus === null ? EMPTY : html`<span class="soft">HTTP ${attempt.httpStatus}</span> `}${safeText(attempt.gatewayMessage)}`,
    ...(isTraced ? [code(attempt.traceId)] : []),
  ])
  const title = texts('order.attempts')
  return section(title, rows.length === 0 ? empty(texts('order.no_attempts')) : table(title, columns, rows))
}

function events(story: OrderStory, texts: Texts): Markup {
  const columns = [
    { heading: texts('col.when') },
    { heading: texts('col.state') },
    { heading: texts('col.reason') },
    { heading: texts('col.who') },
    { heading: texts('col.note') },
  ]
  const rows = story.events.map(({ at, toState, reason, actor, detail }) => [
    timeTag(at, texts),
    badge(toState, wordOf(texts, 'state', toState)),
    wordOf(texts, 'reason', reason),
    safeText(actor),
    detailOf(detail),
  ])
  return section(texts('order.events'), table(texts('order.events'), columns, rows))
}

async function statementLines({ database, texts }: Call, { orderId }: OrderStory): Promise<Markup> {
  const lines = await readMatchedLines(database, orderId)
  if (lines.length === 0) return section(texts('order.statement'), empty(texts('order.no_line')))
  const items = lines.map((line) => {
    const { statementId, lineNumber, rule } = line
    const about = { line: String(lineNumber), n: String(statementId), rule }
    return html`<p>${link(`/reconciliation/statements/${statementId}`, texts('order.line', about))}: ${timeTag(line.executedAt, texts)}, ${gramsOf(String(line.goldWeight / 10_000))}, ${rupiahOf(String(line.amount))}${line.differs ? html` <strong>≠</strong>` : EMPTY}</p>`
  })
  return section(texts('order.statement'), joined(items))
}

async function webhooks({ database, texts }: Call, { orderId }: OrderStory): Promise<Markup> {
  const deliveries = await readOrderDeliveries(database, orderId)
  const columns = [
    { heading: texts('col.when') },
    { heading: texts('col.webhook') },
    { heading: texts('col.state') },
    { heading: texts('col.tries'), isNumber: true },
    { heading: texts('col.url') },
  ]
  const rows = deliveries.map(({ eventId, at, kind, state, tries, url }) => [
    timeTag(at, texts),
    link(`/deliveries/${eventId}`, kind),
    badge(state, wordOf(texts, 'delivery', state)),
    String(tries),
    safeText(url),
  ])
  const title = texts('order.webhooks')
  return section(title, rows.length === 0 ? empty(texts('order.no_webhooks')) : table(title, columns, rows))
}
