import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import { maskPhoneNumber } from '../../core/masking.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import type { OrderSearch, SearchPlace } from './order-search.ts'
import { type ListedOrder, readListedOrders } from './orders.ts'
import { searchOrders } from './search-orders.ts'

/** The columns of exported orders. New ones may come at the end; these stay. Phone numbers are masked. */
export const ORDER_CSV_COLUMNS = [
  'accepted_at',
  'order_id',
  'partner',
  'reference',
  'kind',
  'phone_number',
  'state',
  'reason',
  'attempts',
  'basis',
  'grams',
  'rupiah',
  'fee',
  'session_id',
  'request_id',
  'response_id',
  'settled_at',
] as const

const PAGE = 1_000

/** Every order of a search as CSV, page by page: memory is bounded, and no transaction stays open. */
export function ordersAsCsv(runner: StatementRunner, search: OrderSearch): Readable {
  return Readable.from(pages(runner, search))
}

async function* pages(runner: StatementRunner, search: OrderSearch): AsyncGenerator<string> {
  yield toCsv([Object.fromEntries(ORDER_CSV_COLUMNS.map((name) => [name, name]))])
  let after: SearchPlace | null = null
  do {
    const { orderIds, next } = await searchOrders(runner, search, after, PAGE)
    const orders = await readListedOrders(runner, orderIds)
    if (orders.length > 0) yield toCsv(orders.map(rowOf))
    after = next
  } while (after !== null)
}

type Row = Record<(typeof ORDER_CSV_COLUMNS)[number], string | number | Date | null>

const rowOf = (order: ListedOrder): Row => ({
  accepted_at: order.acceptedAt,
  order_id: order.orderId,
  partner: order.partner,
  reference: order.reference,
  kind: order.kind,
  phone_number: maskPhoneNumber(order.phoneNumber),
  state: order.state,
  reason: order.reason,
  attempts: order.attempts,
  basis: order.basis,
  grams: order.grams,
  rupiah: order.rupiah,
  fee: order.fee,
  session_id: order.sessionId,
  request_id: order.requestId,
  response_id: order.responseId,
  settled_at: order.settledAt,
})

/** Puts a quote in front of a text that a spreadsheet would run as a formula. */
function toCsv(rows: readonly object[]): string {
  return stringify([...rows], {
    columns: [...ORDER_CSV_COLUMNS],
    escape_formulas: true,
    cast: { date: (value) => value.toISOString() },
  })
}
