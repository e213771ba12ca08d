import type { NotStored, StoredOrder } from '../orders/ports.ts'
import { submitOrders } from '../orders/store/submissions.ts'
import type { Submission } from '../orders/submission.ts'
import { type Database, type StatementRunner, StorageError } from '../postgres/pool.ts'
import { againIfRaced } from '../wallets/permitted.ts'
import { admitSubmissionsWithin, countUse, type Verdict } from './admission.ts'
import type { PartnerLimits, Usage } from './limits.ts'
import { type Placed, placedAs } from './placed.ts'
import { lockUsage } from './store/usage.ts'

/** An order of a partner whose usage is counted. */
export interface CountedOrder {
  readonly orderId: string
  readonly submission: Submission
  readonly limits: PartnerLimits
}

/** Orders with the same key may share a transaction: one partner's, under the same limits. */
export function groupKeyOf({ submission, limits }: CountedOrder): string {
  const { ordersPerMinute, rupiahPerDay, walletsPerDay } = limits
  return `${submission.partner}\n${ordersPerMinute}\n${rupiahPerDay}\n${walletsPerDay}`
}

/**
 * Places orders that have the same `groupKeyOf` in one transaction, as if each came after the one before it: each is
 * counted, decided and stored under the lock of the partner's usage. When the transaction cannot do so, they are placed
 * one by one, so that no order fails or is refused because of another.
 */
export async function placeCounted(
  database: Database,
  orders: readonly CountedOrder[],
): Promise<PromiseSettledResult<Placed>[]> {
  try {
    const placed = await againIfRaced(() => database.transaction((runner) => placeInTurn(runner, orders)))
    return placed.map((value) => ({ status: 'fulfilled', value }))
  } catch (error) {
    if (orders.length === 1 || !isRolledBack(error))
      return orders.map(() => ({ status: 'rejected', reason: error }))
  }
  const oneByOne: PromiseSettledResult<Placed>[] = []
  for (const order of orders) oneByOne.push(...(await placeCounted(database, [order])))
  return oneByOne
}

/** Says what would become of an order now, and stores nothing: its transaction is rolled back. */
export async function tryOrder(database: Database, order: CountedOrder): Promise<Placed> {
  try {
    await database.transaction(async (runner) => {
      const [placed] = await placeInTurn(runner, [order])
      throw new Tried(placed)
    })
  } catch (error) {
    if (error instanceof Tried && error.placed !== undefined) return error.placed
    throw error
  }
  throw new Error('a trial was committed')
}

/** Rolls back the transaction of a trial. */
class Tried extends Error {
  override name = 'Tried'
  readonly placed: Placed | undefined

  constructor(placed: Placed | undefined) {
    super('nothing is stored')
    this.placed = placed
  }
}

/** Rolls back a transaction in which another order was stored than was admitted. */
class NotAsAdmitted extends Error {
  override name = 'NotAsAdmitted'
}

/** Whether nothing was stored, for a reason that one order of the group may be alone to have. */
function isRolledBack(error: unknown): boolean {
  // Data that Postgres refuses, or a deadlock. A lost connection proves nothing.
  return error instanceof NotAsAdmitted || (error instanceof StorageError && /^(2[23]|40)/.test(error.code))
}

async function placeInTurn(runner: StatementRunner, orders: readonly CountedOrder[]): Promise<Placed[]> {
  const [first] = orders
  if (first === undefined) return []
  const owner = { partner: first.submission.partner, limits: first.limits }
  const usage = await lockUsage(runner, owner.partner)
  const submissions = orders.map(({ submission }) => submission)
  const verdicts = await admitSubmissionsWithin(runner, owner, usage, submissions)
  const stored = await storeAdmitted(runner, orders, verdicts)
  const isNew = orders.map(({ orderId }) => idOf(stored.get(orderId)) === orderId)
  const isRefused = orders.map(({ orderId }) => typeof stored.get(orderId) === 'string')
  if (orders.length > 1 && !isAsAdmitted(verdicts, isNew, isRefused)) throw new NotAsAdmitted()
  await countUse(
    runner,
    owner,
    submissions.filter((_submission, position) => isNew[position]),
  )
  return answersOf(orders, { usage, verdicts, stored, isNew })
}

const idOf = (order: StoredOrder | NotStored | undefined) =>
  typeof order === 'object' ? order.orderId : undefined

/** Stores the admitted orders, and finds those that are stored already. @returns them by the ids of `orders` */
async function storeAdmitted(
  runner: StatementRunner,
  orders: readonly CountedOrder[],
  verdicts: readonly Verdict[],
): Promise<Map<string, StoredOrder | NotStored>> {
  const admitted = orders.filter((_order, position) => verdicts[position]?.is === 'admitted')
  const stored = new Map<string, StoredOrder | NotStored>()
  if (admitted.length === 0) return stored
  const found = await submitOrders(runner, admitted)
  for (const [position, order] of found.entries()) stored.set(admitted[position]?.orderId ?? '', order)
  return stored
}

/**
 * Whether the verdicts hold for what was stored. An admitted order may turn out to be overdue or for a wallet of another
 * partner, or stored by a job of the queue meanwhile: then it used nothing up, and a refused one might have been admitted. One that repeats it in the group
 * was admitted for its sake.
 */
function isAsAdmitted(
  verdicts: readonly Verdict[],
  isNew: readonly boolean[],
  isRefused: readonly boolean[],
): boolean {
  const isSomeRefused = verdicts.some(({ is }) => is !== 'admitted')
  return verdicts.every((verdict, position) => {
    const isCounted = verdict.is === 'admitted' && verdict.isCounted
    return isCounted ? isNew[position] || !isSomeRefused : !isNew[position] && !isRefused[position]
  })
}

interface Outcome {
  readonly usage: Usage
  readonly verdicts: readonly Verdict[]
  readonly stored: ReadonlyMap<string, StoredOrder | NotStored>
  readonly isNew: readonly boolean[]
}

function answersOf(orders: readonly CountedOrder[], { usage, verdicts, stored, isNew }: Outcome): Placed[] {
  let used = usage
  return orders.map((each, position): Placed => {
    const verdict = verdicts[position]
    if (verdict?.is === 'deferred') return { is: 'refused', breach: 'orders_per_minute', usage: used }
    if (verdict?.is === 'refused') return { is: 'refused', breach: verdict.breach, usage: used }
    const order = stored.get(each.orderId)
    if (order === undefined) throw new Error('an admitted order without an answer')
    if (typeof order === 'string') return { is: order, usage: used }
    if (isNew[position]) used = { ...used, orders: used.orders + 1 }
    return placedAs(each, order, used)
  })
}
