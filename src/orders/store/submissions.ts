import { and, eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, rowFor, rows, statement, type } from '../../postgres/statement.ts'
import type { StoredOrder } from '../ports.ts'
import { orders } from '../schema.ts'
import type { Submission } from '../submission.ts'
import { isAmong, laneFrontOf, NEW_ORDER, STORED_ORDER } from './order-rows.ts'
import { WAKE_GRACE } from './wake-at.ts'

const GIVEN = {
  orderId: orders.id,
  partner: orders.partner,
  reference: orders.reference,
  kind: orders.kind,
  phoneNumber: orders.phoneNumber,
  content: orders.content,
  contentHash: orders.contentHash,
  deadline: nullable(orders.deadlineAt),
  actor: orders.actor,
}

/** Whether a deadline has passed is decided by the database's clock, in the statement that inserts. */
const insertOrders = statement(
  'submit_orders',
  { given: rows(GIVEN), takesOverdue: type.boolean, debitsWait: nullable(type.boolean) },
  (db, { given, takesOverdue, debitsWait }) => {
    const { deadline } = given
    const row = rowFor(orders, {
      id: given.orderId,
      partner: given.partner,
      reference: given.reference,
      kind: given.kind,
      phoneNumber: given.phoneNumber,
      content: given.content,
      contentHash: given.contentHash,
      state: sql`'accepted'`,
      reason: sql`'submitted'`,
      actor: given.actor,
      deadlineAt: sql`coalesce(${deadline}, now() + interval '15 minutes')`,
      wakeAt: sql`least(coalesce(${deadline}, 'infinity'), now() + ${WAKE_GRACE})`,
    })
    return db
      .insert(orders)
      .select(
        sql`select ${row} from ${given} where ${takesOverdue} or ${deadline} is null or ${deadline} > clock_timestamp()`,
      )
      .onConflictDoNothing({ target: [orders.partner, orders.reference] })
      .returning({
        ...NEW_ORDER,
        waitsFor: laneFrontOf(debitsWait),
        partner: orders.partner,
        reference: orders.reference,
      })
  },
)

/** One look-up a reference: a join could begin with all orders. */
const findByReference = statement(
  'find_orders_by_reference',
  {
    wanted: rows({ partner: orders.partner, reference: orders.reference }),
    debitsWait: nullable(type.boolean),
  },
  (db, { wanted, debitsWait }) => {
    const { partner, reference } = orders
    const found = db
      .select({ ...STORED_ORDER, waitsFor: laneFrontOf(debitsWait), partner, reference })
      .from(orders)
      .where(and(eq(partner, wanted.partner), eq(reference, wanted.reference)))
      .limit(1)
      .as('found')
    return db.select({ found: found._.selectedFields }).from(wanted).innerJoinLateral(found, sql`true`)
  },
)

const load = statement(
  'load_orders',
  { orderIds: list(orders.id), debitsWait: nullable(type.boolean) },
  (db, { orderIds, debitsWait }) =>
    db
      .select({ ...STORED_ORDER, waitsFor: laneFrontOf(debitsWait) })
      .from(orders)
      .where(isAmong(orders.id, orderIds)),
)

interface NewOrder {
  readonly orderId: string
  readonly submission: Submission
}

/**
 * See `OrderStore.submit`.
 * @param debitsWait how lanes are looked at; null: nobody asks whose turn it is
 */
export function submitOrders(
  runner: StatementRunner,
  submissions: readonly NewOrder[],
  debitsWait: boolean | null = null,
): Promise<(StoredOrder | undefined)[]> {
  return insertOrFind(runner, submissions, {
    actorOf: ({ partner }) => `partner:${partner}`,
    takesOverdue: false,
    debitsWait,
  })
}

/**
 * Stores orders that were accepted earlier, as rows of a batch or runs of a plan: one whose deadline has passed since
 * then becomes an order too, which expires.
 */
export async function submitApprovedOrders(
  runner: StatementRunner,
  submissions: readonly NewOrder[],
  actor: string,
): Promise<StoredOrder[]> {
  const stored = await insertOrFind(runner, submissions, {
    actorOf: () => actor,
    takesOverdue: true,
    debitsWait: null,
  })
  return stored.map((order) => {
    if (order === undefined) throw new Error('an order that was neither inserted nor found')
    return order
  })
}

async function insertOrFind(
  runner: StatementRunner,
  submissions: readonly NewOrder[],
  {
    actorOf,
    takesOverdue,
    debitsWait,
  }: { actorOf(submission: Submission): string; takesOverdue: boolean; debitsWait: boolean | null },
): Promise<(StoredOrder | undefined)[]> {
  const stored = new Map<string, StoredOrder>()
  // In one order everywhere: transactions that store the same references then wait for each other, and never in a circle.
  const given = submissions
    .map((order) => ({ ...newRow(order), actor: actorOf(order.submission) }))
    .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  for (const order of await insertOrders(runner, { given, takesOverdue, debitsWait }))
    stored.set(keyOf(order), { ...order, intentAgeMs: null })
  const wanted = submissions
    .map(({ submission }) => submission)
    .filter((submission) => !stored.has(keyOf(submission)))
  if (wanted.length > 0)
    for (const order of await findOrders(runner, wanted, debitsWait)) stored.set(keyOf(order), order)
  return submissions.map(({ submission }) => {
    const order = stored.get(keyOf(submission))
    // Orders are never deleted, so an insert that met another order always finds it.
    if (order === undefined && submission.deadline === null)
      throw new Error('an order that was neither inserted nor found')
    return order
  })
}

/** The orders of these references that are stored already. */
export function findStored(
  runner: StatementRunner,
  submissions: readonly Submission[],
): Promise<StoredOrder[]> {
  return findOrders(runner, submissions, null)
}

async function findOrders(
  runner: StatementRunner,
  wanted: readonly Submission[],
  debitsWait: boolean | null,
) {
  return (await findByReference(runner, { wanted, debitsWait })).map(({ found }) => found)
}

/** See `OrderStore.load`. */
export function loadOrders(
  runner: StatementRunner,
  orderIds: readonly string[],
  debitsWait: boolean | null,
): Promise<StoredOrder[]> {
  return load(runner, { orderIds, debitsWait })
}

function keyOf({ partner, reference }: { partner: string; reference: string }): string {
  return `${partner}\n${reference}`
}

function newRow({ orderId, submission }: NewOrder) {
  const { partner, reference, command, content, contentHash, deadline } = submission
  const { kind, phoneNumber } = command
  return { orderId, partner, reference, kind, phoneNumber, content, contentHash, deadline }
}
