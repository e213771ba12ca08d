import { parseMoment, startOfDay } from '../core/business-days.ts'
import { parseRupiah, type Rupiah } from '../core/money.ts'
import { PHONE_NUMBER_EXPECTED, readPhoneNumber } from '../core/phone-number.ts'
import { readPlainText, readReference } from '../core/plain-text.ts'
import { ORDER_KINDS } from './command.ts'
import { ORDER_STATES } from './lifecycle.ts'
import type { OrderSearch } from './queries/order-search.ts'

/** One field of the filter of orders, under the name that each surface gives it. */
export interface FilterField<Value> {
  /** In the address of the console's page. */
  readonly page: string
  /** On the command line, with what its value is called. */
  readonly option: string
  /** In a query of the API; null: the caller's own is meant. */
  readonly param: string | null
  readonly means: string
  readonly expected: string
  readonly choices?: readonly string[]
  /** The value of a text in its stored form; null: it is none. */
  readonly read: (text: string) => Value | null
}

const oneOf = <Word extends string>(words: readonly Word[]) => ({
  choices: words,
  expected: `one of ${words.join(', ')}`,
  read: (text: string) => words.find((word) => word === text) ?? null,
})

const MOST_CHARACTERS = 200
const id = {
  expected: `a text of at most ${MOST_CHARACTERS} characters`,
  read: (text: string) => readPlainText(text, MOST_CHARACTERS),
}
const MOMENT_EXPECTED =
  'a day such as 2026-02-09, a minute in Jakarta such as 2026-02-09T08:00, or a time with its zone such as 2026-02-09T01:00:00Z'

/** The filter of orders: console, command line and API read the same fields in the same way. */
export const FILTER_FIELDS: {
  readonly [Key in keyof OrderSearch]: FilterField<NonNullable<OrderSearch[Key]>>
} = {
  state: {
    page: 'state',
    option: 'state <state>',
    param: 'state',
    means: 'only orders in this state',
    ...oneOf(ORDER_STATES),
  },
  kind: {
    page: 'kind',
    option: 'kind <kind>',
    param: 'kind',
    means: 'only orders of this kind',
    ...oneOf(ORDER_KINDS),
  },
  partner: {
    page: 'partner',
    option: 'partner <partner>',
    param: null,
    means: 'only orders of this partner',
    ...id,
  },
  phoneNumber: {
    page: 'wallet',
    option: 'phone-number <number>',
    param: 'phone_number',
    means: 'only orders of this wallet',
    expected: PHONE_NUMBER_EXPECTED.replace(/^must be /, ''),
    read: readPhoneNumber,
  },
  reference: {
    page: 'reference',
    option: 'reference <reference>',
    param: 'reference',
    means: 'only the order of this reference',
    expected: 'a reference',
    read: readReference,
  },
  sessionId: {
    page: 'session',
    option: 'session-id <id>',
    param: 'session_id',
    means: 'only the order of this transaction of the gateway',
    ...id,
  },
  requestId: {
    page: 'request',
    option: 'request-id <id>',
    param: 'request_id',
    means: "only orders that were confirmed with this request_id, which is their quote's",
    ...id,
  },
  responseId: {
    page: 'response',
    option: 'response-id <id>',
    param: 'response_id',
    means: 'only orders with this response_id of the gateway',
    ...id,
  },
  amount: {
    page: 'amount',
    option: 'amount <rupiah>',
    param: 'amount',
    means: 'only orders of so many rupiah: ordered, quoted or executed',
    expected: 'whole rupiah such as 1000000 or "Rp 1.000.000"',
    read: readAmount,
  },
  from: {
    page: 'from',
    option: 'from <time>',
    param: 'since',
    means: 'only orders accepted at this time or later',
    expected: MOMENT_EXPECTED,
    read: readMoment,
  },
  to: {
    page: 'to',
    option: 'to <time>',
    param: 'until',
    means: 'only orders accepted before this time',
    expected: `${MOMENT_EXPECTED}; a day is included`,
    read: readEnd,
  },
}

export const FILTER_KEYS = Object.keys(FILTER_FIELDS) as (keyof OrderSearch)[]

/** A search that narrows nothing. */
export const ANY_ORDER = Object.fromEntries(FILTER_KEYS.map((key) => [key, null])) as unknown as OrderSearch

/** Reads rupiah with or without their dots. A dot before other than three digits is no rupiah. */
export function readAmount(text: string): Rupiah | null {
  const [, digits] = /^(?:Rp\.?\s*)?(\d+|\d{1,3}(?:\.\d{3})+)$/i.exec(text.trim()) ?? []
  return digits === undefined ? null : parseRupiah(digits.replaceAll('.', ''))
}

/** Reads a day, a minute in Jakarta, or a time with its zone. */
export function readMoment(text: string): Date | null {
  return text.includes('T') ? parseMoment(text) : startOfDay(text)
}

/** The same as an end, which is exclusive: a day is included. */
function readEnd(text: string): Date | null {
  const start = readMoment(text)
  return start === null || text.includes('T') ? start : new Date(start.getTime() + 86_400_000)
}
