import type { OrderKind } from '../../orders/command.ts'
import { draw } from './random.ts'
import type { RefusalName } from './replies.ts'
import { testWalletFault } from './test-wallets.ts'

/** How a fault spoils a request. Only `execute_then` moves money and gold. */
export type Spoil =
  | { readonly is: 'refuse'; readonly refusal: RefusalName }
  | {
      readonly is: 'answer'
      readonly status: number
      readonly body: 'html' | 'empty' | 'envelope_500' | 'redirect'
    }
  | { readonly is: 'drop' }
  | { readonly is: 'execute_then'; readonly deliver: Delivery }

/** What happens to the reply of an executed request. */
export type Delivery =
  | 'nothing'
  | 'slowly'
  | 'trickling'
  | 'truncated'
  | 'contradicting'
  | 'html_502'
  | 'then_close'

const refuse = (refusal: RefusalName): Spoil => ({ is: 'refuse', refusal })
const executeThen = (deliver: Delivery): Spoil => ({ is: 'execute_then', deliver })

/** Every fault: its description, and how it spoils a request. */
export const FAULTS = {
  price_change: {
    what: 'refuses: the price has changed; the quote is invalid',
    spoil: refuse('price_changed'),
  },
  reply_lost: { what: 'executes, then hangs up without a reply', spoil: executeThen('nothing') },
  request_dropped: { what: 'hangs up without executing', spoil: { is: 'drop' } },
  slow_reply: { what: "executes, and replies after the client's deadline", spoil: executeThen('slowly') },
  trickling_reply: {
    what: 'executes, and replies byte by byte without end',
    spoil: executeThen('trickling'),
  },
  bad_gateway_html: {
    what: 'answers 502 with HTML without executing',
    spoil: { is: 'answer', status: 502, body: 'html' },
  },
  bad_gateway_after_executing: {
    what: 'executes, then answers 502 with HTML',
    spoil: executeThen('html_502'),
  },
  truncated_json: { what: 'executes, and sends half of its JSON', spoil: executeThen('truncated') },
  contradicting_reply: {
    what: 'executes, and replies with another amount, weight or id',
    spoil: executeThen('contradicting'),
  },
  connection_closed_between_requests: {
    what: 'executes and replies, then closes the kept-alive connection; requests already sent on it are dropped',
    spoil: executeThen('then_close'),
  },
  server_error_envelope: {
    what: 'answers with an envelope of response_code 500 without executing',
    spoil: { is: 'answer', status: 200, body: 'envelope_500' },
  },
  redirect_307: {
    what: 'answers 307 without executing',
    spoil: { is: 'answer', status: 307, body: 'redirect' },
  },
  unauthorised_401: {
    what: 'answers 401 without executing',
    spoil: { is: 'answer', status: 401, body: 'empty' },
  },
  too_many_requests_429: {
    what: 'answers 429 without executing',
    spoil: { is: 'answer', status: 429, body: 'empty' },
  },
  insufficient_balance: { what: 'refuses: balance', spoil: refuse('insufficient_balance') },
  user_not_found: { what: 'refuses: user not found', spoil: refuse('user_not_found') },
  invalid_recipient: { what: 'refuses: recipient', spoil: refuse('invalid_recipient') },
  not_premium: { what: 'refuses: not premium', spoil: refuse('not_premium') },
  invalid_params: { what: 'refuses: invalid params', spoil: refuse('invalid_params') },
  field_required: { what: 'refuses: a field is required', spoil: refuse('field_required') },
  unlisted_message: {
    what: 'refuses with a message the document does not list',
    spoil: refuse('unlisted_message'),
  },
} as const satisfies Record<string, { what: string; spoil: Spoil }>

export type FaultName = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[]

/** Whether a request that meets this fault has moved money or gold. */
export function executes(fault: FaultName): boolean {
  return FAULTS[fault].spoil.is === 'execute_then'
}

/** When a fault strikes. */
export interface FaultSetting {
  /** From 0 to 1, drawn from the seed for each request. */
  readonly rate?: number
  /** The number of next requests to strike, whatever the rate. */
  readonly next?: number
  /** Which requests to strike. Default: confirms. */
  readonly on?: 'checkout' | 'confirm' | 'both'
}

/** A fault that struck. */
export interface FaultHit {
  readonly fault: FaultName
  readonly phase: 'checkout' | 'confirm'
  readonly type: OrderKind
  readonly phoneNumber: string
  /** The confirm's `request_id`, which is the quote's id; at a checkout known only once a quote was given. */
  readonly quoteId: string
}

export interface Faults {
  set(fault: FaultName, setting: FaultSetting): void
  /** Decides whether a fault strikes this request, at most one, and notes it. */
  strike(request: Omit<FaultHit, 'fault'>): FaultName | null
  /** Notes a fault that struck because of an earlier one. */
  note(hit: FaultHit): void
  /** Sets the quote that the struck checkout gave, if it gave one. */
  noteQuote(quoteId: string): void
  counts(): Record<FaultName, number>
  log(): readonly FaultHit[]
}

/**
 * The faults of one sandbox. What strikes depends on the seed, the wallet and how many requests of this phase it has
 * sent, not on how requests of different wallets interleave.
 */
export function createFaults(seed: number, settings: Partial<Record<FaultName, FaultSetting>>): Faults {
  const active = new Map<FaultName, { rate: number; next: number; on: 'checkout' | 'confirm' | 'both' }>()
  const requests = new Map<string, number>()
  const hits: FaultHit[] = []
  const set = (fault: FaultName, { rate = 0, next = 0, on = 'confirm' }: FaultSetting) =>
    void active.set(fault, { rate, next, on })
  for (const fault of FAULT_NAMES) if (settings[fault] !== undefined) set(fault, settings[fault])

  const choose = (phase: 'checkout' | 'confirm', serial: string): FaultName | null => {
    for (const fault of FAULT_NAMES) {
      const setting = active.get(fault)
      if (setting === undefined || (setting.on !== 'both' && setting.on !== phase)) continue
      if (setting.next > 0) {
        setting.next -= 1
        return fault
      }
      if (setting.rate > 0 && draw(seed, fault, serial) < setting.rate) return fault
    }
    return null
  }

  return {
    set,
    strike(request) {
      const key = `${request.phase} ${request.type} ${request.phoneNumber}`
      const count = (requests.get(key) ?? 0) + 1
      requests.set(key, count)
      const own = testWalletFault(request.phoneNumber, request.phase, count)
      const fault = own === undefined ? choose(request.phase, `${key} ${count}`) : own
      if (fault !== null) hits.push({ fault, ...request })
      return fault
    },
    note: (hit) => void hits.push(hit),
    noteQuote(quoteId) {
      const hit = hits.pop()
      if (hit !== undefined) hits.push({ ...hit, quoteId })
    },
    counts() {
      const counts = Object.fromEntries(FAULT_NAMES.map((fault) => [fault, 0])) as Record<FaultName, number>
      for (const { fault } of hits) counts[fault] += 1
      return counts
    },
    log: () => hits,
  }
}
