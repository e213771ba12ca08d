import { and, eq, type SQLWrapper, sql } from 'drizzle-orm'
import { nullable, rowFor, rows, statement, type } from '../../postgres/statement.ts'
import { isPermitted } from '../../wallets/permitted.ts'
import type { NotStored } from '../ports.ts'
import { orders } from '../schema.ts'
import { laneFrontOf, NEW_ORDER, STORED_ORDER } from './order-rows.ts'
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
export const insertOrders = statement(
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
export const findByReference = statement(
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

export const sayWhyNotStored = statement(
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
