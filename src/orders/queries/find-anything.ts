import type { StatementRunner } from '../../postgres/pool.ts'
import { ANY_ORDER, FILTER_FIELDS } from '../filter-fields.ts'
import { findOrderId } from './find-order.ts'
import type { OrderSearch } from './order-search.ts'
import { searchOrders } from './search-orders.ts'

/** What else has a number or a name that people may look for. */
export interface FoundOther {
  readonly is: string
  readonly about: string
  /** The command that shows it. */
  readonly show: string
}

/** One thing that a text was recognised as, with its orders. */
export interface Recognised {
  readonly is: string
  readonly orderIds: readonly string[]
  /** There are more orders than these. */
  readonly hasMore: boolean
}

const AS: readonly (readonly [is: string, key: keyof OrderSearch])[] = [
  ['reference', 'reference'],
  ['session_id', 'sessionId'],
  ['response_id', 'responseId'],
  ['request_id', 'requestId'],
  ['wallet', 'phoneNumber'],
  ['amount', 'amount'],
]

/**
 * Finds the orders of a text that people have from anywhere: an order's id, partner/reference, a reference, an id of the
 * gateway, a wallet or rupiah. An order's id is nothing else; every other text may be several of them.
 */
export async function findAnything(
  runner: StatementRunner,
  given: string,
  limit: number,
): Promise<Recognised[]> {
  const text = given.trim()
  const id = text.toLowerCase()
  const orderId = await findOrderId(runner, isOrderId(id) ? id : text)
  if (orderId !== null)
    return [{ is: orderId === id ? 'order id' : 'partner/reference', orderIds: [orderId], hasMore: false }]
  const found: Recognised[] = []
  for (const [is, key] of AS) {
    const value = FILTER_FIELDS[key].read(text)
    if (value === null) continue
    const { orderIds, next } = await searchOrders(runner, { ...ANY_ORDER, [key]: value }, null, limit)
    if (orderIds.length > 0) found.push({ is, orderIds, hasMore: next !== null })
  }
  return found
}

const isOrderId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
