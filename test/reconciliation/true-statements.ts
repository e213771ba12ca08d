import fc from 'fast-check'
import type { Period } from '../../src/core/business-days.ts'
import type { OrderKind } from '../../src/orders/command.ts'
import {
  aRecordedOrder,
  lineOf,
  type RecordedLine,
  type RecordedOrder,
} from '../support/factories/recorded-orders.ts'
import { MAPPING } from '../support/factories/statement-files.ts'

/**
 * Statements that have every transaction of their day, written in every way that senders were seen to write them, and
 * read by mappings that may be wrong about them. Pure.
 */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Midnight in Jakarta of the first world's day; the others follow three days apart, so that none speaks to another. */
const FIRST_DAY_MS = Date.UTC(2019, 0, 1, 17)

export type SpelledWallet = (national: string) => string
const WALLETS: Record<string, SpelledWallet> = {
  national: (wallet) => wallet,
  international: (wallet) => `62${wallet.slice(1)}`,
  plus: (wallet) => `+62${wallet.slice(1)}`,
  spaced: (wallet) => `${wallet.slice(0, 4)} ${wallet.slice(4, 8)} ${wallet.slice(8)}`,
  dashed: (wallet) => `${wallet.slice(0, 4)}-${wallet.slice(4)}`,
  lost_zero: (wallet) => wallet.slice(1),
  doubled: (wallet) => `0062${wallet.slice(1)}`,
  both: (wallet) => `62${wallet}`,
  masked: (wallet) => `${wallet.slice(0, 4)}xxxx${wallet.slice(-3)}`,
}

/** How times are written, and the pattern by which they are read. */
const TIMES: Record<string, { pattern: string; write: (local: string) => string }> = {
  iso: { pattern: 'iso', write: (local) => local },
  iso_day: { pattern: 'iso', write: (local) => local.slice(0, 10) },
  midnight: { pattern: 'iso', write: (local) => `${local.slice(0, 10)} 00:00:00` },
  seconds: { pattern: 'dd/MM/yyyy HH:mm:ss', write: (local) => `${slashed(local)} ${local.slice(11, 19)}` },
  minutes: { pattern: 'dd/MM/yyyy HH:mm', write: (local) => `${slashed(local)} ${local.slice(11, 16)}` },
  hours: { pattern: 'dd/MM/yyyy HH:mm', write: (local) => `${slashed(local)} ${local.slice(11, 13)}:00` },
  days: { pattern: 'dd/MM/yyyy', write: slashed },
  days_at_midnight: { pattern: 'dd/MM/yyyy HH:mm', write: (local) => `${slashed(local)} 00:00` },
}

function slashed(local: string): string {
  return `${local.slice(8, 10)}/${local.slice(5, 7)}/${local.slice(0, 4)}`
}

const grouped = (digits: string, sign: string) => digits.replace(/\B(?=(\d{3})+$)/g, sign)
const NUMBERS = {
  plain: { decimal: '.', thousands: '', write: (text: string) => text },
  indonesian: { decimal: ',', thousands: '.', write: (text: string) => localised(text, '.', ',') },
  english: { decimal: '.', thousands: ',', write: (text: string) => localised(text, ',', '.') },
  prefixed: { decimal: ',', thousands: '.', write: (text: string) => `Rp ${localised(text, '.', ',')}` },
} as const

function localised(text: string, thousands: string, decimal: string): string {
  const [whole = '', fraction] = text.split('.')
  return `${grouped(whole, thousands)}${fraction === undefined ? '' : decimal + fraction}`
}

const KIND_WORDS: Record<OrderKind, string> = {
  buy: 'BELI',
  sell: 'JUAL',
  transfer: 'KIRIM',
  withdraw: 'CETAK',
}
const IDS = ['session_id', 'response_id', 'request_id'] as const
type IdColumn = (typeof IDS)[number]
type IdEdit = 'whole' | 'blank' | 'cut' | 'no_column' | 'some_blank'

/** What a sender and a mapping make of the truth. */
interface Writing {
  readonly wallets: readonly string[]
  readonly times: string
  /** By how many hours the times are written in another zone than they are read. */
  readonly shift: number
  readonly numbers: keyof typeof NUMBERS
  readonly ids: Record<IdColumn, IdEdit>
  readonly kinds: 'words' | 'unknown' | 'ignored' | 'swapped'
  readonly hasFee: boolean
  readonly order: 'as_is' | 'reversed' | 'by_wallet'
  readonly extra: 'nothing' | 'blank_rows' | 'preamble' | 'trailing_total'
}

const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) })
const idEdit = often<IdEdit>('whole', 'blank', 'cut', 'no_column', 'some_blank')

const writing: fc.Arbitrary<Writing> = fc.record({
  wallets: fc.oneof(
    fc.constant(['national']),
    fc.constantFrom(...Object.keys(WALLETS)).map((one) => [one]),
    fc.uniqueArray(fc.constantFrom(...Object.keys(WALLETS).filter((name) => name !== 'masked')), {
      minLength: 2,
    }),
  ),
  times: often('iso', ...Object.keys(TIMES)),
  shift: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(-7, 1, 2, 7, -1) },
  ),
  numbers: often<keyof typeof NUMBERS>('plain', 'indonesian', 'english', 'prefixed'),
  ids: fc.record({
    session_id: fc.oneof(
      { weight: 3, arbitrary: fc.constant<IdEdit>('whole') },
      { weight: 1, arbitrary: idEdit },
    ),
    response_id: idEdit,
    request_id: idEdit,
  }),
  kinds: fc.oneof(
    { weight: 6, arbitrary: fc.constant('words' as const) },
    { weight: 1, arbitrary: fc.constantFrom('unknown' as const, 'ignored' as const, 'swapped' as const) },
  ),
  hasFee: fc.boolean(),
  order: fc.constantFrom('as_is', 'reversed', 'by_wallet'),
  extra: fc.oneof(
    { weight: 5, arbitrary: fc.constant('nothing' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('blank_rows' as const, 'preamble' as const, 'trailing_total' as const),
    },
  ),
})

const kind = fc.constantFrom<OrderKind>('buy', 'buy', 'sell', 'transfer', 'withdraw')
const planned = fc.record({
  kind,
  wallet: fc.integer({ min: 0, max: 4 }),
  minute: fc.oneof(fc.integer({ min: 480, max: 960 }), fc.integer({ min: 10, max: 1_300 })),
  weight: fc.constantFrom('0.5000', '1.0000', '2.0000', '0.0567'),
  extraRupiah: fc.constantFrom(0, 0, 7),
})

/** A day's orders and the statement about them. What was executed is in the file, and nothing else. */
export interface World {
  readonly period: Period
  readonly orders: readonly { readonly order: RecordedOrder; readonly isExecuted: boolean }[]
  readonly file: string
  readonly mapping: Record<string, unknown>
}

const plannedWorld = fc.record({
  known: fc.array(planned, { minLength: 1, maxLength: 6 }),
  doubts: fc.array(fc.tuple(planned, fc.integer({ min: 0, max: 50 })), { minLength: 1, maxLength: 3 }),
  notExecuted: fc.array(fc.tuple(planned, fc.constantFrom<'in_doubt' | 'rejected'>('in_doubt', 'rejected')), {
    maxLength: 2,
  }),
  writing,
})

/** As the gateway would: among such statements the silence of many proves something. */
const PLAIN: Writing = {
  ...{ wallets: ['national'], times: 'iso', shift: 0, numbers: 'plain', kinds: 'words', hasFee: true },
  ...{
    ids: { session_id: 'whole', response_id: 'whole', request_id: 'whole' },
    order: 'as_is',
    extra: 'nothing',
  },
}

/**
 * Worlds of a seed. Every fourth is written plainly.
 * @param hasControls doubts that were not executed, too
 * @param lagMinutes how late the gateway may execute
 */
export function worldsOf(seed: number, count: number, hasControls: boolean, lagMinutes: number): World[] {
  return fc
    .sample(plannedWorld, { seed, numRuns: count })
    .map((plan, n) => worldOf(n % 4 === 0 ? { ...plan, writing: PLAIN } : plan, n, hasControls, lagMinutes))
}

type Plan = typeof plannedWorld extends fc.Arbitrary<infer T> ? T : never

function worldOf(plan: Plan, n: number, hasControls: boolean, lagMinutes: number): World {
  const from = FIRST_DAY_MS + n * 3 * DAY_MS
  const period = { from: new Date(from), to: new Date(from + DAY_MS) }
  let serial = 0
  const orderOf = (given: (typeof plan.known)[number], outcome: RecordedOrder['outcome']): RecordedOrder => {
    serial += 1
    const amount = Math.round(Number(given.weight) * 882_000) + given.extraRupiah
    const isKnown = outcome === 'succeeded'
    const intentAt = new Date(from + given.minute * 60_000 + serial * 1_000)
    // Some ids are the beginning of others: 1, 11, 12, …
    const quoteId = `Q${n}-${serial === 1 ? 1 : serial + 9}`
    return aRecordedOrder({
      ...{ kind: given.kind, outcome, intentAt, quoteId, goldWeight: given.weight, amount },
      phoneNumber: `0812${String(n).padStart(5, '0')}${given.wallet}${given.wallet}7`,
      quotedAmount: given.kind === 'withdraw' ? null : amount,
      endedAt: new Date(intentAt.getTime() + 900),
      sessionId: isKnown && given.kind !== 'sell' ? `S${n}${'F'.repeat(8)}${serial}` : null,
      responseId: isKnown ? `R${n}${'E'.repeat(8)}${serial}` : null,
    })
  }
  const told = [
    ...plan.known.map((given) => ({ order: orderOf(given, 'succeeded'), delay: 0 })),
    ...plan.doubts.map(([given, late]) => ({
      order: orderOf(given, 'in_doubt'),
      delay: late < lagMinutes ? late * 60_000 : 0,
    })),
  ]
  const untold = plan.notExecuted
    .filter(([, outcome]) => hasControls || outcome === 'rejected')
    .map(([given, outcome]) => ({ order: orderOf(given, outcome), isExecuted: false }))
  const lines = told.map(({ order, delay }) =>
    lineOf(order, {
      sessionId: order.sessionId ?? `X${order.quoteId}${'D'.repeat(8)}`,
      responseId: order.responseId ?? `Y${order.quoteId}${'C'.repeat(8)}`,
      executedAt: new Date(order.intentAt.getTime() + 500 + delay),
    }),
  )
  return {
    period,
    orders: [...told.map(({ order }) => ({ order, isExecuted: true })), ...untold],
    file: fileOf(lines, plan.writing),
    mapping: mappingOf(plan.writing),
  }
}

function columnsOf({ ids, hasFee }: Writing): string[] {
  const left = IDS.filter((id) => ids[id] !== 'no_column')
  return [...left, 'type', 'phone_number', 'gold_weight', 'amount', ...(hasFee ? ['fee'] : []), 'executed_at']
}

function mappingOf(given: Writing): Record<string, unknown> {
  const { decimal, thousands } = NUMBERS[given.numbers]
  const columns = Object.fromEntries(columnsOf(given).map((name) => [name === 'type' ? 'kind' : name, name]))
  return {
    ...MAPPING,
    ...{ columns, decimal, thousands, delimiter: ';', dates: TIMES[given.times]?.pattern ?? 'iso' },
    ...kindsOf(given.kinds),
  }
}

function kindsOf(kinds: Writing['kinds']): { kinds: Record<string, string[]>; ignored_kinds: string[] } {
  const all = { buy: ['BELI'], sell: ['JUAL'], transfer: ['KIRIM'], withdraw: ['CETAK'] }
  switch (kinds) {
    case 'words':
      return { kinds: all, ignored_kinds: [] }
    case 'unknown':
      return { kinds: { ...all, transfer: ['TRANSFER'] }, ignored_kinds: [] }
    case 'ignored':
      return { kinds: { ...all, transfer: ['TRANSFER'] }, ignored_kinds: ['KIRIM'] }
    case 'swapped':
      return { kinds: { ...all, buy: ['JUAL'], sell: ['BELI'] }, ignored_kinds: [] }
  }
}

function fileOf(lines: readonly RecordedLine[], given: Writing): string {
  const columns = columnsOf(given)
  const rows = arranged(lines, given.order).map((line, n) => {
    const cells = cellsOf(line, n, given)
    return columns.map((column) => cells[column]).join(';')
  })
  const blank = ';'.repeat(columns.length - 1)
  const text: Record<Writing['extra'], string[]> = {
    nothing: [columns.join(';'), ...rows],
    blank_rows: [columns.join(';'), ...rows.flatMap((row) => [row, blank]), ''],
    preamble: ['PT CONTOH', 'Laporan transaksi', columns.join(';'), ...rows],
    trailing_total: [columns.join(';'), ...rows, `Total${blank}`],
  }
  return `${text[given.extra].join('\r\n')}\r\n`
}

function arranged(lines: readonly RecordedLine[], order: Writing['order']): RecordedLine[] {
  if (order === 'reversed') return [...lines].reverse()
  return order === 'by_wallet'
    ? [...lines].sort((a, b) => (a.phoneNumber < b.phoneNumber ? -1 : 1))
    : [...lines]
}

function cellsOf(line: RecordedLine, n: number, given: Writing): Record<string, string> {
  const local = new Date(line.executedAt.getTime() + (7 + given.shift) * HOUR_MS).toISOString().slice(0, 19)
  const numbers = NUMBERS[given.numbers]
  const spell = WALLETS[given.wallets[n % given.wallets.length] ?? 'national'] ?? ((wallet: string) => wallet)
  return {
    session_id: idOf(line.sessionId, given.ids.session_id, n),
    response_id: idOf(line.responseId, given.ids.response_id, n),
    request_id: idOf(line.requestId, given.ids.request_id, n),
    type: KIND_WORDS[line.kind],
    phone_number: spell(line.phoneNumber),
    gold_weight: numbers.write(line.goldWeight).replace('Rp ', ''),
    amount: numbers.write(String(line.amount)),
    fee: numbers.write(String(line.fee ?? 0)),
    executed_at: TIMES[given.times]?.write(local) ?? local,
  }
}

function idOf(id: string | null, edit: IdEdit, n: number): string {
  if (id === null || edit === 'blank' || (edit === 'some_blank' && n % 2 === 0)) return ''
  return edit === 'cut' ? id.slice(0, -1) : id
}
