import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { shownText } from '../../cli/shown-text.ts'
import { shownDetail, shownTime } from '../../cli/shown-time.ts'
import { formatMoney, formatWeight, NOTHING } from '../../core/format.ts'
import { maskKtp, maskPhoneNumber } from '../../core/masking.ts'
import { describeContent } from '../describe-content.ts'
import {
  type AttemptStory,
  type OrderEvent,
  type OrderHold,
  type OrderReaders,
  type OrderStory,
  readOrderStory,
} from '../queries/order-story.ts'
import { requireOrderId } from './order-commands.ts'
import { type EvidenceReaders, evidenceLines, readEvidence } from './order-evidence.ts'

/** What reconciliation and webhooks know of an order. */
export interface ShowReaders extends OrderReaders, EvidenceReaders {}

/** `goldpro orders show` */
export function showCommand(readers: ShowReaders): Command {
  return new Command('show')
    .description('show one order with its attempts and events')
    .argument('<order>', 'order id, or partner/reference')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ goldpro orders show acme/A-1')
    .action(async (given: string, options: { json?: true }) => {
      const settings = await settingsHere()
      const [story, evidence] = await withDatabase(settings, async (database) => {
        const orderId = await requireOrderId(database, given)
        const debitsWait = settings.debitsDuringDoubt === 'wait'
        return [
          await readOrderStory(database, orderId, readers, debitsWait),
          await readEvidence(database, orderId, readers),
        ]
      })
      if (story === null) throw new Error('the order does not exist any more')
      if (options.json) console.log(JSON.stringify({ ...maskedStory(story), ...evidence }))
      else console.log([printStory(story), ...evidenceLines(evidence)].join('\n'))
    })
}

/** The story as people may see it: wallets, KTP number and postal address are masked. */
export function maskedStory(story: OrderStory): OrderStory {
  return {
    ...story,
    phoneNumber: maskPhoneNumber(story.phoneNumber),
    content: maskedContent(story.content),
    hold: story.hold === null ? null : maskedHold(story.hold),
    events: story.events.map((event) => ({
      ...event,
      actor: shownText(event.actor),
      detail: event.detail === null ? null : maskedDetail(event.detail),
    })),
  }
}

/** Texts that people wrote may contain a phone number. */
function maskedDetail(detail: NonNullable<OrderEvent['detail']>): NonNullable<OrderEvent['detail']> {
  return Object.fromEntries(
    Object.entries(detail).map(([field, value]) => [
      field,
      WRITTEN_BY_PEOPLE.has(field) && typeof value === 'string' ? shownText(value) : value,
    ]),
  )
}

const WRITTEN_BY_PEOPLE = new Set(['note', 'evidence', 'approval_note', 'proposed_by', 'approved_by'])

const maskedHold = (hold: OrderHold): OrderHold => ({
  ...hold,
  reason: shownText(hold.reason),
  closedBy: shownText(hold.closedBy),
})

function maskedContent(content: OrderStory['content']): OrderStory['content'] {
  const { recipient, ktp, address } = content
  return {
    ...content,
    ...(typeof recipient === 'string' ? { recipient: maskPhoneNumber(recipient) } : {}),
    ...(typeof ktp === 'string' ? { ktp: maskKtp(ktp) } : {}),
    ...(address === undefined ? {} : { address: '(masked)' }),
  }
}

/** An order for a terminal: its fields, its state, then its events and attempts by time. */
export function printStory(unmasked: OrderStory): string {
  const story = maskedStory(unmasked)
  const history = [
    ...story.events.map((event) => ({ at: event.at, lines: [eventText(event)] })),
    ...story.attemptStories.map((attempt) => ({ at: attempt.intentAt, lines: attemptLines(attempt) })),
  ].sort((a, b) => a.at.getTime() - b.at.getTime())
  return [
    `${story.kind} ${story.partner}/${story.reference}: ${story.state} (${story.reason})`,
    `  order     ${story.orderId}`,
    `  wallet    ${story.phoneNumber}`,
    ...story.batchRows.map(batchRowText),
    ...story.retries.map(({ batchId, rowNumber }) => `  retried   batch ${batchId}, row ${rowNumber}`),
    `  content   ${describeContent(unmasked.content)}`,
    `  deadline  ${shownTime(story.deadlineAt)}`,
    ...(story.waitsFor === null ? [] : [inFrontText(story.waitsFor)]),
    ...(story.planRun === null ? [] : [planRunText(story.planRun)]),
    ...(story.hold === null ? [] : [holdText(story.hold)]),
    ...(story.state === 'accepted' && story.trouble !== null
      ? [`  retries   ${story.postponements}, last error: ${story.trouble}`]
      : []),
    ...(story.sessionId !== null || story.responseId !== null ? [executionText(story)] : []),
    ...(story.state === 'in_doubt' ? [IN_DOUBT] : []),
    '',
    ...history.flatMap(({ lines }) => lines),
  ].join('\n')
}

const IN_DOUBT =
  '  next      import statements and `goldpro recon run`, or `goldpro orders resolve`; it is never sent again by itself'

function batchRowText(row: OrderStory['batchRows'][number]): string {
  const { batchId, rowNumber, plan, dueAt, retriedBatchId, retriedRowNumber } = row
  const origin = plan === null || dueAt === null ? '' : `, of plan ${plan}, due ${shownTime(dueAt)}`
  const retry = retriedBatchId === null ? '' : `, a retry of batch ${retriedBatchId}, row ${retriedRowNumber}`
  return `  from      batch ${batchId}, row ${rowNumber}${origin}${retry}`
}

function inFrontText({ orderId, partner, reference, state }: NonNullable<OrderStory['waitsFor']>): string {
  const inDoubt =
    state === 'in_doubt' || state === 'held' ? ': debits of its wallet wait until it is settled' : ''
  return `  waits for ${partner}/${reference} (${orderId}) of the same wallet, which is ${state}${inDoubt}`
}

function planRunText({ planId, name, dueAt }: NonNullable<OrderStory['planRun']>): string {
  return `  from      plan ${planId} ${name}, due ${shownTime(dueAt)}`
}

function holdText({ scope, closedAt, closedBy, reason, extendsDeadlines }: OrderHold): string {
  const deadline = extendsDeadlines ? 'stands still' : 'keeps running'
  return `  waits     the switch of ${scope} is closed since ${shownTime(closedAt)} by ${closedBy}: ${reason}; the deadline ${deadline}`
}

function executionText({ sessionId, responseId, goldWeight, amount, fee }: OrderStory): string {
  return `  executed  ${weight(goldWeight)} for ${rupiah(amount)}, fee ${rupiah(fee)}, session_id ${sessionId ?? 'none'}, response_id ${responseId ?? 'none'}`
}

function eventText({ at, fromState, toState, reason, actor, detail }: OrderEvent): string {
  const move = fromState === null ? toState : `${fromState} → ${toState}`
  const extra = detail === null ? '' : `  ${shownDetail(detail)}`
  return `${shownTime(at)}  ${move}: ${reason}, by ${actor}${extra}`
}

function attemptLines(attempt: AttemptStory): string[] {
  const { seq, quoteId, quotedGoldWeight, quotedAmount, quotedFee, outcome, endedAt, intentAt } = attempt
  const price =
    quotedAmount === null ? 'priced at the confirm' : `${rupiah(quotedAmount)}, fee ${rupiah(quotedFee)}`
  const took = endedAt === null ? 'no reply yet' : `${endedAt.getTime() - intentAt.getTime()} ms`
  const trace = attempt.traceId === null ? [] : [`                              trace ${attempt.traceId}`]
  const status = attempt.httpStatus === null ? '' : `HTTP ${attempt.httpStatus}, `
  return [
    `${shownTime(intentAt)}    attempt ${seq}: quote ${quoteId}, ${weight(quotedGoldWeight)}, ${price}`,
    `                              ${outcome} after ${took}: ${status}${attempt.gatewayMessage ?? ''}`,
    ...trace,
  ]
}

const rupiah = (digits: string | null) => (digits === null ? NOTHING : formatMoney(digits))
const weight = (digits: string | null) => (digits === null ? NOTHING : formatWeight(digits))
