import type { Doubt, Refusal } from '../domain/outcomes.ts'
import type { Envelope } from './codecs.ts'
import { type ListedMessage, listedMessage } from './messages.ts'

/** A reply as far as its meaning depends on it. */
export interface ReplyFacts {
  readonly status: number
  readonly envelope: Envelope | null
  readonly is429Refusal: boolean
}

/** What a reply means before its data are compared with the quote. */
export type Verdict =
  | { readonly is: 'success' }
  | { readonly is: 'price_changed' }
  | { readonly is: 'rejected'; readonly reason: Refusal }
  | { readonly is: 'in_doubt'; readonly doubt: Exclude<Doubt, 'intent_overdue'> }

interface Row {
  readonly when: string
  readonly matches: (facts: ReplyFacts) => boolean
  readonly confirm: Verdict
  /** At a checkout nothing has moved: what would be a doubt is trouble, and an unlisted refusal is final. */
  readonly checkout:
    | Exclude<Verdict, { is: 'in_doubt' }>
    | { readonly is: 'trouble' }
    | { readonly is: 'refused_unlisted' }
}

const doubt = (reason: Exclude<Doubt, 'intent_overdue'>) => ({ is: 'in_doubt', doubt: reason }) as const
const rejected = (reason: Refusal) => ({ is: 'rejected', reason }) as const
const trouble = { is: 'trouble' } as const

const isRefusal = ({ envelope }: ReplyFacts) => envelope !== null && !envelope.isSuccess
const isListedAs = (listed: ListedMessage) => (facts: ReplyFacts) =>
  isRefusal(facts) && listedMessage(facts.envelope?.message ?? '') === listed
const isOk = (code: number) => code >= 200 && code < 300

const listedRefusal = (reason: Refusal): Row => ({
  when: `refused: ${reason}`,
  matches: isListedAs(reason),
  confirm: rejected(reason),
  checkout: rejected(reason),
})

/** What a reply means, first match wins. Whatever no row knows is a doubt at a confirm. */
export const OUTCOME_TABLE: readonly Row[] = [
  {
    when: '3xx, 408 or 5xx',
    matches: ({ status }) => (status >= 300 && status < 400) || status === 408 || status >= 500,
    confirm: doubt('gateway_error'),
    checkout: trouble,
  },
  {
    when: '401 or 403',
    matches: ({ status }) => status === 401 || status === 403,
    confirm: rejected('gateway_unauthorised'),
    checkout: rejected('gateway_unauthorised'),
  },
  {
    when: '429, known to be a refusal',
    matches: ({ status, is429Refusal }) => status === 429 && is429Refusal,
    confirm: rejected('gateway_rate_limited'),
    checkout: trouble,
  },
  {
    when: '429',
    matches: ({ status }) => status === 429,
    confirm: doubt('gateway_rate_limit_unclear'),
    checkout: trouble,
  },
  {
    when: 'not the documented envelope',
    matches: ({ envelope }) => envelope === null,
    confirm: doubt('reply_unreadable'),
    checkout: trouble,
  },
  {
    when: 'an envelope with response_code 500 or more',
    matches: ({ envelope }) => (envelope?.code ?? 0) >= 500,
    confirm: doubt('gateway_error'),
    checkout: trouble,
  },
  {
    when: 'a refusal that carries a session_id',
    matches: (facts) => isRefusal(facts) && hasSession(facts.envelope?.data),
    confirm: doubt('reply_contradicts_quote'),
    checkout: trouble,
  },
  {
    when: 'refused: price changed',
    matches: isListedAs('price_changed'),
    confirm: { is: 'price_changed' },
    checkout: { is: 'price_changed' },
  },
  listedRefusal('insufficient_balance'),
  listedRefusal('user_not_found'),
  listedRefusal('invalid_recipient'),
  listedRefusal('not_premium'),
  listedRefusal('invalid_params'),
  listedRefusal('field_required'),
  {
    when: 'refused with an unlisted message',
    matches: isRefusal,
    confirm: doubt('message_unlisted'),
    checkout: { is: 'refused_unlisted' },
  },
  {
    when: 'success that HTTP or response_code contradicts',
    matches: ({ status, envelope }) => !isOk(status) || !isOk(envelope?.code ?? 0),
    confirm: doubt('reply_unreadable'),
    checkout: trouble,
  },
  { when: 'success', matches: () => true, confirm: { is: 'success' }, checkout: { is: 'success' } },
]

/** The table's row for a reply. */
export function outcomeRow(facts: ReplyFacts): Row {
  const row = OUTCOME_TABLE.find(({ matches }) => matches(facts))
  if (row === undefined) throw new Error('the last row matches everything')
  return row
}

function hasSession(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'session_id' in data
}
