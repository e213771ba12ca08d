import type { OrderState } from './lifecycle.ts'
import type { OrderStore } from './ports.ts'

/** The answer to the request of a person or a partner: done, or a sentence why not. */
export type CommandResult =
  | { readonly is: 'done'; readonly state: OrderState }
  | { readonly is: 'refused'; readonly message: string }

interface Request {
  readonly orderId: string
  /** Who asks, as the event shows it: `person:<name>` or `partner:<name>`. */
  readonly actor: string
  readonly note: string
}

type PersonsStore = Pick<OrderStore, 'load' | 'move'>

/** Cancels an order that has nothing in flight. */
export async function cancelOrder(request: Request, store: PersonsStore): Promise<CommandResult> {
  const moved = await store.move('cancel', [{ ...plain(request), reason: 'cancel_requested' }])
  const rule = 'an order can be cancelled only while it is accepted'
  return await answer(request, moved, { from: 'accepted', to: 'cancelled', rule }, store)
}

/** Keeps workers away from an order until it is released. Its deadline does not stop. */
export async function holdOrder(request: Request, store: PersonsStore): Promise<CommandResult> {
  const moved = await store.move('hold', [{ ...plain(request), reason: 'held_by_person' }])
  const rule = 'an order can be held only while it is accepted'
  return await answer(request, moved, { from: 'accepted', to: 'held', rule }, store)
}

/** Lets workers have a held order again. */
export async function releaseOrder(request: Request, store: PersonsStore): Promise<CommandResult> {
  const moved = await store.move('release', [{ ...plain(request), reason: 'released_by_person' }])
  const rule = 'only a held order can be released'
  return await answer(request, moved, { from: 'held', to: 'accepted', rule }, store)
}

function plain({ orderId, actor, note }: Request) {
  return { orderId, actor, detail: { note } }
}

/** The one reason why an order that could be moved was not, besides another move at the same time. */
const NOT_ENDED =
  'in a restored database no order ends before the recovery, for it may have been executed; where nothing was restored, try again'

interface Move {
  readonly from: OrderState
  readonly to: OrderState
  readonly rule: string
}

async function answer(
  { orderId }: Request,
  moved: readonly string[],
  { from, to, rule }: Move,
  store: PersonsStore,
): Promise<CommandResult> {
  if (moved.length > 0) return { is: 'done', state: to }
  const [order] = await store.load([orderId])
  if (order === undefined) return { is: 'refused', message: 'there is no such order' }
  if (order.state === from) return { is: 'refused', message: NOT_ENDED }
  return { is: 'refused', message: `${rule}; this one is ${order.state} (${order.reason})` }
}
