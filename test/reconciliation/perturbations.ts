import type { BreakType, StayReason } from '../../src/reconciliation/enums.ts'
import { CLOCK_SLACK_MS, DEFAULT_RECON_SETTINGS } from '../../src/reconciliation/settings.ts'
import { DAY, lineOf, type RecordedLine, type RecordedOrder } from '../support/factories/recorded-orders.ts'

/** What a truthful statement is made untruthful by, and what reconciliation must say then. Pure. */

/** The statement's three days. */
export const PERIOD = { from: DAY.from, to: new Date(DAY.from.getTime() + 3 * 86_400_000) }

export const FIELDS = ['amount', 'goldWeight', 'fee', 'wallet', 'kind', 'late', 'early', 'latest'] as const
export type Field = (typeof FIELDS)[number]
export const IDS = ['sessionId', 'responseId', 'requestId'] as const

/** What happened at the gateway, and what the statement makes of it. */
export type Edit =
  | { readonly is: 'none' | 'dropped' | 'duplicated' | 'executed_twice' | 'without_fee' }
  | { readonly is: 'without_ids'; readonly ids: readonly (typeof IDS)[number][] }
  | { readonly is: 'fields'; readonly fields: readonly Field[]; readonly by: number }
  /** Nothing was executed, and the statement says so or says otherwise. */
  | { readonly is: 'not_executed' | 'executed_after_all' | 'executed_after_all_and_duplicated' }

export interface ExpectedBreak {
  readonly type: BreakType
  readonly orderId: string | null
  /** Which of the order's lines; null: none. */
  readonly nth: number | null
  readonly rupiah: number
  readonly grams: string
}

export interface Expected {
  readonly lines: readonly RecordedLine[]
  readonly breaks: readonly ExpectedBreak[]
  readonly state: string
  readonly stays: StayReason | null
}

const LAG_MS = DEFAULT_RECON_SETTINGS.lagMs
export const STRANGERS_WALLET = '081399900000'

/** Whether the statement is about all of the time in which the order may have been executed. */
const isCovered = ({ intentAt, endedAt }: RecordedOrder) =>
  intentAt.getTime() - CLOCK_SLACK_MS >= PERIOD.from.getTime() &&
  endedAt.getTime() + LAG_MS <= PERIOD.to.getTime()

/** The line that the gateway truly has of an order that was executed. */
export function trueLine(order: RecordedOrder): RecordedLine {
  return lineOf(order, {
    sessionId: order.sessionId ?? `X${order.quoteId}`,
    responseId: order.responseId ?? `Y${order.quoteId}`,
  })
}

/** What must come of one order, alone with its wallet, after its edit. */
export function expectedOf(order: RecordedOrder, edit: Edit): Expected {
  const line = trueLine(order)
  switch (edit.is) {
    case 'not_executed':
      return order.outcome === 'in_doubt' ? absent(order, []) : stateOf(order, [], [])
    case 'executed_after_all':
      return stateOf(order, [line], [about('state_conflict', order, line)])
    case 'executed_after_all_and_duplicated':
      return stateOf(
        order,
        [line, line],
        [about('state_conflict', order, line), { ...about('duplicate_session', order, line), nth: 1 }],
      )
    case 'dropped':
      return order.outcome === 'in_doubt' ? absent(order, []) : stateOf(order, [], missingAtGateway(order))
    case 'none':
      return found(order, line, [], [])
    case 'duplicated':
      return found(order, line, [line], [{ ...about('duplicate_session', order, line), nth: 1 }])
    case 'executed_twice': {
      const second = {
        ...line,
        sessionId: `second ${line.sessionId}`,
        responseId: `second ${line.responseId}`,
      }
      return found(order, line, [second], [{ ...about('executed_twice', order, second), nth: 1 }])
    }
    case 'without_fee':
      return found(order, { ...line, fee: null }, [], [])
    case 'without_ids':
      return withoutIds(order, { ...line, ...Object.fromEntries(edit.ids.map((id) => [id, null])) })
    case 'fields':
      return withFields(order, line, edit.fields, edit.by)
  }
}

function about(type: BreakType, order: RecordedOrder, { amount, goldWeight }: RecordedLine): ExpectedBreak {
  return { type, orderId: order.orderId, nth: 0, rupiah: amount, grams: gramsText(Number(goldWeight)) }
}

const gramsText = (grams: number) => grams.toFixed(4)

const missingAtGateway = (order: RecordedOrder): ExpectedBreak[] =>
  isCovered(order) ? [{ ...about('missing_at_gateway', order, trueLine(order)), nth: null }] : []

const missingHere = (order: RecordedOrder, line: RecordedLine): ExpectedBreak => ({
  ...about('missing_here', order, line),
  orderId: null,
})

const STATES = {
  intent: 'confirming intent_committed',
  succeeded: 'succeeded executed',
  rejected: 'rejected insufficient_balance',
  price_changed: 'accepted price_changed',
  in_doubt: 'in_doubt reply_lost',
} as const

function stateOf(
  { outcome }: RecordedOrder,
  lines: readonly RecordedLine[],
  breaks: readonly ExpectedBreak[],
  stays: StayReason | null = null,
): Expected {
  return { lines, breaks, state: STATES[outcome], stays }
}

/** A doubt whose execution is nowhere in the statement. */
function absent(order: RecordedOrder, breaks: readonly ExpectedBreak[]): Expected {
  if (!isCovered(order)) return stateOf(order, [], breaks, 'awaiting_statement')
  return { lines: [], breaks, state: 'rejected not_executed', stays: null }
}

const unclear = (order: RecordedOrder): StayReason =>
  isCovered(order) ? 'candidate_unclear' : 'awaiting_statement'

/** An order whose line is matched. A doubt is settled with it if the line has an id and somebody knows the fee. */
function found(
  order: RecordedOrder,
  line: RecordedLine,
  more: readonly RecordedLine[],
  breaks: readonly ExpectedBreak[],
): Expected {
  const lines = [line, ...more]
  if (order.outcome !== 'in_doubt') return stateOf(order, lines, breaks)
  const isSettled =
    (line.sessionId ?? line.responseId) !== null && (line.fee !== null || order.quotedAmount !== null)
  if (!isSettled) return stateOf(order, lines, breaks, unclear(order))
  return { lines, breaks, state: 'succeeded found_in_statement', stays: null }
}

function withoutIds(order: RecordedOrder, line: RecordedLine): Expected {
  const isKnownByIds =
    (order.sessionId !== null && line.sessionId !== null) ||
    (order.responseId !== null && line.responseId !== null) ||
    line.requestId !== null
  // Only doubts and sells are matched by their terms.
  if (isKnownByIds || order.outcome === 'in_doubt' || order.kind === 'sell') return found(order, line, [], [])
  return stateOf(order, [line], [...missingAtGateway(order), missingHere(order, line)])
}

function withFields(
  order: RecordedOrder,
  line: RecordedLine,
  fields: readonly Field[],
  by: number,
): Expected {
  const edited = fields.reduce((before, field) => editedLine(order, before, field, by), line)
  const isAnothers = fields.includes('wallet') || fields.includes('kind')
  if (isAnothers && order.outcome === 'in_doubt')
    return stateOf(order, [edited], [missingHere(order, edited)], unclear(order))
  const breaks = fields.flatMap((field) => breaksOf(order, edited, field, by))
  return found(order, edited, [], breaks)
}

/** Of the times only the last one given counts, and the latest moment that is not late is none. */
const TIMES: readonly Field[] = ['late', 'early', 'latest']
export const oneTimeOnly = (fields: readonly Field[]): Field[] => {
  const time = fields.find((field) => TIMES.includes(field))
  return fields.filter((field) => !TIMES.includes(field) || field === time)
}

function editedLine(order: RecordedOrder, line: RecordedLine, field: Field, by: number): RecordedLine {
  const at = (moment: Date, ms: number) => ({ ...line, executedAt: new Date(moment.getTime() + ms) })
  switch (field) {
    case 'amount':
      return { ...line, amount: line.amount + by }
    case 'goldWeight':
      return { ...line, goldWeight: gramsText(Number(line.goldWeight) + by / 10_000) }
    case 'fee':
      return { ...line, fee: (line.fee ?? 0) + by }
    case 'wallet':
      return { ...line, phoneNumber: STRANGERS_WALLET }
    case 'kind':
      return { ...line, kind: line.kind === 'buy' ? 'sell' : 'buy' }
    case 'late':
      return at(order.endedAt, CLOCK_SLACK_MS + LAG_MS + by)
    case 'early':
      return at(order.intentAt, -CLOCK_SLACK_MS - by)
    case 'latest':
      return at(order.endedAt, CLOCK_SLACK_MS + LAG_MS)
  }
}

function breaksOf(order: RecordedOrder, line: RecordedLine, field: Field, by: number): ExpectedBreak[] {
  // A doubt about a withdrawal has nothing to compare the price with.
  const isUnpriced = order.outcome === 'in_doubt' && order.quotedAmount === null
  switch (field) {
    case 'amount':
      return isUnpriced ? [] : [{ ...about('amount_differs', order, line), rupiah: by, grams: gramsText(0) }]
    case 'fee':
      return isUnpriced ? [] : [{ ...about('fee_differs', order, line), rupiah: by, grams: gramsText(0) }]
    case 'goldWeight':
      return [{ ...about('weight_differs', order, line), rupiah: 0, grams: gramsText(by / 10_000) }]
    case 'wallet':
      return [about('wallet_differs', order, line)]
    case 'kind':
      return [about('kind_differs', order, line)]
    case 'late':
    case 'early':
      return [about('late', order, line)]
    case 'latest':
      return []
  }
}
