import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { formatDecimal, formatMoney, NOTHING } from '../../core/format.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import type { ListedOrder } from '../queries/orders.ts'

const HEADINGS =
  'accepted partner/reference kind wallet state reason tries grams rupiah basis session_id'.split(' ')

/** Orders in a table. */
export function asTable(orders: readonly ListedOrder[]): string {
  const rows = orders.map((order) => [
    shownTime(order.acceptedAt),
    `${order.partner}/${order.reference}`,
    order.kind,
    maskPhoneNumber(order.phoneNumber),
    order.state,
    order.reason,
    order.attempts,
    order.grams === null ? NOTHING : formatDecimal(order.grams),
    order.rupiah === null ? NOTHING : formatMoney(order.rupiah),
    order.basis ?? NOTHING,
    order.sessionId ?? '',
  ])
  return table(HEADINGS, rows, ['grams', 'rupiah'])
}
