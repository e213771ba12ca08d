import type { StatementRunner } from '../../postgres/pool.ts'
import type { StoredOrder } from '../ports.ts'
import type { Submission } from '../submission.ts'
import { OPEN_INTENT_JOIN, STORED_ORDER_COLUMNS, type StoredOrderRow, storedOrder } from './order-rows.ts'

/** How long after its last sign of life an accepted order is woken by the sweeper; its deadline comes first. */
export const WAKE_GRACE = `interval '60 seconds'`

const INSERT_ORDERS = {
  name: 'submit_orders',
  text: `
    INSERT INTO orders AS o (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
    SELECT x.id, x.partner, x.reference, x.kind, x.phone_number, x.content, x.content_hash, 'accepted', 'submitted', $2,
      coalesce(x.deadline_at, now() + interval '15 minutes'),
      least(coalesce(x.deadline_at, 'infinity'), now() + ${WAKE_GRACE})
    FROM unnest($1::json[]) AS r (j), json_to_record(r.j) AS x (id uuid, partner text, reference text, kind text,
      phone_number text, content jsonb, content_hash text, deadline_at timestamptz)
    WHERE $3::boolean OR x.deadline_at IS NULL OR x.deadline_at > clock_timestamp()
    ON CONFLICT (partner, reference) DO NOTHING
    RETURNING ${STORED_ORDER_COLUMNS.replace('clock_timestamp() - i.intent_at', 'NULL::interval')}`,
}

const FIND_BY_REFERENCE = {
  name: 'find_orders_by_reference',
  text: `
    SELECT ${STORED_ORDER_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS x (partner, reference)
    JOIN orders o ON o.partner = x.partner AND o.reference = x.reference
    ${OPEN_INTENT_JOIN}`,
}

const LOAD_ORDERS = {
  name: 'load_orders',
  text: `SELECT ${STORED_ORDER_COLUMNS} FROM orders o ${OPEN_INTENT_JOIN} WHERE o.id = ANY ($1::uuid[])`,
}

interface NewOrder {
  readonly orderId: string
  readonly submission: Submission
}

/** See `OrderStore.submit`. Whether a deadline has passed is said by the database's clock, in the inserting statement. */
export function submitOrders(
  database: StatementRunner,
  submissions: readonly NewOrder[],
  actor: string,
): Promise<(StoredOrder | undefined)[]> {
  return insertOrFind(database, submissions, { actor, takesOverdue: false })
}

/**
 * Stores orders that were accepted earlier, as rows of a batch or runs of a plan: one whose deadline has passed since
 * then becomes an order too, which expires.
 */
export async function submitApprovedOrders(
  database: StatementRunner,
  submissions: readonly NewOrder[],
  actor: string,
): Promise<StoredOrder[]> {
  const orders = await insertOrFind(database, submissions, { actor, takesOverdue: true })
  return orders.map((order) => {
    if (order === undefined) throw new Error('an order that was neither inserted nor found')
    return order
  })
}

async function insertOrFind(
  database: StatementRunner,
  submissions: readonly NewOrder[],
  { actor, takesOverdue }: { readonly actor: string; readonly takesOverdue: boolean },
): Promise<(StoredOrder | undefined)[]> {
  const rows = submissions.map(({ orderId, submission }) => JSON.stringify(insertRow(orderId, submission)))
  const stored = new Map<string, StoredOrderRow>()
  for (const row of await database.run<StoredOrderRow>(INSERT_ORDERS, [rows, actor, takesOverdue]))
    stored.set(keyOf(row), row)
  const known = submissions
    .map(({ submission }) => submission)
    .filter((submission) => !stored.has(keyOf(submission)))
  if (known.length > 0) for (const row of await findRows(database, known)) stored.set(keyOf(row), row)
  return submissions.map(({ submission }) => {
    const row = stored.get(keyOf(submission))
    if (row !== undefined) return storedOrder(row)
    // Orders are never deleted, so an insert that met another order always finds it.
    if (submission.deadline === null) throw new Error('an order that was neither inserted nor found')
    return undefined
  })
}

/** The orders of these references that are stored already. */
export async function findStored(
  database: StatementRunner,
  submissions: readonly Submission[],
): Promise<StoredOrder[]> {
  return (await findRows(database, submissions)).map(storedOrder)
}

function findRows(database: StatementRunner, submissions: readonly Submission[]): Promise<StoredOrderRow[]> {
  const values = [submissions.map(({ partner }) => partner), submissions.map(({ reference }) => reference)]
  return database.run<StoredOrderRow>(FIND_BY_REFERENCE, values)
}

/** See `OrderStore.load`. */
export async function loadOrders(
  database: StatementRunner,
  orderIds: readonly string[],
): Promise<StoredOrder[]> {
  const rows = await database.run<StoredOrderRow>(LOAD_ORDERS, [orderIds])
  return rows.map(storedOrder)
}

function keyOf({ partner, reference }: { partner: string; reference: string }): string {
  return `${partner}\n${reference}`
}

function insertRow(orderId: string, submission: Submission) {
  return {
    id: orderId,
    partner: submission.partner,
    reference: submission.reference,
    kind: submission.command.kind,
    phone_number: submission.command.phoneNumber,
    content: submission.content,
    content_hash: submission.contentHash,
    deadline_at: submission.deadline,
  }
}
