import { coalesce } from '../../core/coalesce.ts'
import { StorageError } from '../../postgres/storage-error.ts'
import type { OrderStore, PlainMove } from '../ports.ts'

/** Orders in one statement. */
const MOST = 100

/**
 * SQLSTATEs with which Postgres refused a statement, so that it certainly did nothing: data and constraints, deadlock and
 * serialization, a lock that somebody holds, the server's time-out.
 */
const REFUSED = /^(?:22|23|40|55P03$|57014$)/

const mayBeOfOneItem = (error: unknown): boolean => error instanceof StorageError && REFUSED.test(error.code)

/**
 * A store whose calls about one order share a statement and a commit with calls about other orders at the same time. What a
 * call means stays that of its order alone: an order has at most one row in a statement, what is returned is told apart by
 * its own id, a statement that Postgres refused is repeated order by order, and a COMMIT of unknown fate is one for each
 * order. Calls about many orders pass through.
 */
export function coalescedStore(store: OrderStore): OrderStore {
  const submit = coalesce(MOST, (orders: Parameters<OrderStore['submit']>[0]) => store.submit(orders), {
    keyOf: ({ submission }) => `${submission.partner}\n${submission.reference}`,
    mayBeOfOneItem,
  })
  const load = shared((_: '', ids: readonly string[]) => store.load(ids), {
    orderOf: (orderId) => orderId,
    ofItem: (orderId) => orderId,
    ofRow: ({ orderId }) => orderId,
  })
  const commitIntents = shared(
    (actor, intents: Parameters<OrderStore['commitIntents']>[0]) => store.commitIntents(intents, actor),
    // An order's intent is one caller's: whose, its id tells.
    { orderOf, ofItem: ({ intentId }) => intentId, ofRow: ({ intentId }) => intentId },
  )
  const withdrawIntents = shared(
    (actor, claims: Parameters<OrderStore['withdrawIntents']>[0]) => store.withdrawIntents(claims, actor),
    { orderOf, ofItem: orderOf, ofRow: (orderId) => orderId },
  )
  const endIntents = shared(
    (actor, verdicts: Parameters<OrderStore['endIntents']>[0]) => store.endIntents(verdicts, actor),
    { orderOf, ofItem: orderOf, ofRow: ({ orderId }) => orderId },
  )
  const move = shared(
    (kind: Parameters<OrderStore['move']>[0], rows: readonly PlainMove<never>[]) => store.move(kind, rows),
    { orderOf, ofItem: orderOf, ofRow: (orderId) => orderId },
  )
  const postpone = shared((_: '', rows: Parameters<OrderStore['postpone']>[0]) => store.postpone(rows), {
    orderOf,
    ofItem: orderOf,
    ofRow: (orderId) => orderId,
  })
  const waitForTurn = shared((_: '', ids: readonly string[]) => store.waitForTurn(ids), {
    orderOf: (orderId) => orderId,
    ofItem: (orderId) => orderId,
    ofRow: ({ orderId }) => orderId,
  })
  return {
    ...store,
    submit: async (orders) => {
      const [order, ...others] = orders
      return order === undefined || others.length > 0 ? await store.submit(orders) : [await submit(order)]
    },
    load: (orderIds) => load('', orderIds),
    commitIntents: (intents, actor) => commitIntents(actor, intents),
    withdrawIntents: (claims, actor) => withdrawIntents(actor, claims),
    endIntents: (verdicts, actor) => endIntents(actor, verdicts),
    move: (kind, rows) => move(kind, rows as readonly PlainMove<never>[]),
    waitForTurn: (orderIds) => waitForTurn('', orderIds),
    postpone: (rows) => postpone('', rows),
  }
}

const orderOf = ({ orderId }: { readonly orderId: string }): string => orderId

/** How the rows that a statement returns are told apart. */
interface Told<Item, Row> {
  orderOf(item: Item): string
  ofItem(item: Item): string
  ofRow(row: Row): string
}

/**
 * Combines calls about one order that have the same context: a statement has one actor, or one kind of move. What is not
 * returned for an item is missing from its result too.
 */
function shared<Context extends string, Item, Row>(
  ask: (context: Context, items: readonly Item[]) => Promise<readonly Row[]>,
  { orderOf: keyOf, ofItem, ofRow }: Told<Item, Row>,
): (context: Context, items: readonly Item[]) => Promise<Row[]> {
  const askers = new Map<Context, (item: Item) => Promise<Row | undefined>>()
  const askerOf = (context: Context) => {
    const known = askers.get(context)
    if (known !== undefined) return known
    const asker = coalesce(
      MOST,
      async (items: readonly Item[]): Promise<(Row | undefined)[]> => {
        const rows = new Map((await ask(context, items)).map((row) => [ofRow(row), row]))
        return items.map((item) => rows.get(ofItem(item)))
      },
      { keyOf, mayBeOfOneItem },
    )
    askers.set(context, asker)
    return asker
  }
  return async (context, items) => {
    const [item, ...others] = items
    if (item === undefined || others.length > 0) return [...(await ask(context, items))]
    const row = await askerOf(context)(item)
    return row === undefined ? [] : [row]
  }
}
