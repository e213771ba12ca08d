import { and, eq, type SQLWrapper, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, rowFor, rows, statement, type } from '../../postgres/statement.ts'
import { isPermitted } from '../../wallets/permitted.ts'
import type { NotStored, StoredOrder } from '../ports.ts'
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

const inTime = (deadline: SQLWrapper, takesOverdue: SQLWrapper) =>
  sql`(${takesOverdue} or ${deadline} is null or ${deadline} > clock_timestamp())`

/**
 * Whether a deadline has passed is decided by the database's clock, and whose the wallet is by its row, in the statement
 * that inserts.
 */
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
        sql`select ${row} from ${given} where ${inTime(deadline, takesOverdue)}
          and ${isPermitted(sql`${given.phoneNumber}`, sql`${given.partner}`)}`,
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

const sayWhyNotStored = statement(
  'why_orders_are_not_stored',
  {
    given: rows({
      partner: orders.partner,
      reference: orders.reference,
      phoneNumber: orders.phoneNumber,
      deadline: nullable(orders.deadlineAt),
    }),
    takesOverdue: type.boolean,
  },
  (db, { given, takesOverdue }) =>
    db
      .select({
        partner: given.partner,
        reference: given.reference,
        why: sql<NotStored | null>`case
          when not ${isPermitted(sql`${given.phoneNumber}`, sql`${given.partner}`)} then 'wallet_refused'
          when not ${inTime(given.deadline, takesOverdue)} then 'overdue' end`,
      })
      .from(given),
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
): Promise<(StoredOrder | NotStored)[]> {
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
): Promise<(StoredOrder | 'wallet_refused')[]> {
  const stored = await insertOrFind(runner, submissions, {
    actorOf: () => actor,
    takesOverdue: true,
    debitsWait: null,
  })
  return stored.map((order) => {
    if (order === 'overdue') throw new Error('an order that was neither inserted nor found')
    return order
  })
}

async function insertOrFind(
  runner: StatementRunner,
  submissions: readonly NewOrder[],
  { actorOf, ...how }: HowToStore & { actorOf(submission: Submission): string },
): Promise<(StoredOrder | NotStored)[]> {
  const stored = new Map<string, StoredOrder | NotStored>()
  // In one order everywhere: transactions that store the same references then wait for each other, and never in a circle.
  let left = submissions
    .map((order) => ({ ...newRow(order), actor: actorOf(order.submission) }))
    .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  for (let round = 0; left.length > 0; round += 1) {
    if (round > submissions.length + MOST_REPEATS)
      throw new Error('orders that are neither stored nor refused')
    left = await insertSome(runner, left, { ...how, stored })
  }
  return submissions.map(({ submission }) => {
    const order = stored.get(keyOf(submission))
    if (order === undefined) throw new Error('a submission without an answer')
    return order
  })
}

/** Rounds that only a wallet which is linked in that very moment takes. */
const MOST_REPEATS = 3

interface HowToStore {
  readonly takesOverdue: boolean
  /** Whether debits of a wallet wait for its doubts; null: whose turn it is is not asked. */
  readonly debitsWait: boolean | null
}

type GivenRow = ReturnType<typeof newRow> & { readonly actor: string }

/** Stores or refuses rows, as far as their wallets are one partner's each. @returns the rows that are left */
async function insertSome(
  runner: StatementRunner,
  rows: readonly GivenRow[],
  {
    takesOverdue,
    debitsWait,
    stored,
  }: HowToStore & { readonly stored: Map<string, StoredOrder | NotStored> },
): Promise<GivenRow[]> {
  const { given, others } = firstPartnersOf(rows)
  for (const order of await insertOrders(runner, { given, takesOverdue, debitsWait }))
    stored.set(keyOf(order), { ...order, intentAgeMs: null })
  const isOpen = (row: GivenRow) => !stored.has(keyOf(row))
  const wanted = given.filter(isOpen)
  // Orders are never deleted, so an insert that met another order always finds it.
  if (wanted.length > 0)
    for (const order of await findOrders(runner, wanted, debitsWait)) stored.set(keyOf(order), order)
  const refused = wanted.filter(isOpen)
  if (refused.length > 0)
    for (const { why, ...order } of await sayWhyNotStored(runner, { given: refused, takesOverdue }))
      if (why !== null) stored.set(keyOf(order), why)
  return [...others, ...refused].filter(isOpen)
}

/** The rows of the first partner of each wallet, and those of others, which must see whose it became. */
function firstPartnersOf(rows: readonly GivenRow[]): { given: GivenRow[]; others: GivenRow[] } {
  const firsts = new Map<string, string>()
  const [given, others]: [GivenRow[], GivenRow[]] = [[], []]
  for (const row of rows) {
    if (!firsts.has(row.phoneNumber)) firsts.set(row.phoneNumber, row.partner)
    const isFirst = firsts.get(row.phoneNumber) === row.partner
    ;(isFirst ? given : others).push(row)
  }
  return { given, others }
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
  wanted: readonly { readonly partner: string; readonly reference: string }[],
  debitsWait: boolean | null,
): Promise<(StoredOrder & { readonly partner: string; readonly reference: string })[]> {
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
