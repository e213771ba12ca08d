import { and, eq, ne, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { OrderState } from '../orders/lifecycle.ts'
import { attempts, orders } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, statement } from '../postgres/statement.ts'
import type { ProposedExecution } from './proposal-facts.ts'
import { statementMatches } from './runs-schema.ts'
import { currentStatementLines } from './statements/schema.ts'

/** Whether an order in doubt can be resolved as a person says. */

// Attempts are locked before proposals, as in a run: otherwise each could wait for the other.
export const lockDoubt = statement('hold_doubt', { orderId: attempts.orderId }, (db, { orderId }) =>
  db
    .select({ seq: attempts.seq })
    .from(attempts)
    .where(and(eq(attempts.orderId, orderId), sql`${attempts.outcome} = 'in_doubt'`))
    .for('update'),
)

const others = alias(attempts, 'others')

// A transaction is another order's when that order has its id, or is matched with its line.
const selectDoubt = statement(
  'read_doubt',
  {
    orderId: orders.id,
    sessionId: nullable(attempts.sessionId),
    responseId: nullable(attempts.responseId),
  },
  (db, { orderId, sessionId, responseId }) => {
    const orderWithItsId = db
      .select({ orderId: others.orderId })
      .from(others)
      .where(
        and(
          ne(others.orderId, orders.id),
          or(
            eq(others.sessionId, sessionId),
            and(
              eq(others.responseId, responseId),
              or(sql`${sessionId} is null`, eq(others.kind, orders.kind)),
            ),
          ),
        ),
      )
      .limit(1)
    const orderOfItsLine = db
      .select({ orderId: statementMatches.orderId })
      .from(currentStatementLines)
      .innerJoin(
        statementMatches,
        and(
          eq(statementMatches.statementId, currentStatementLines.statementId),
          eq(statementMatches.lineNumber, currentStatementLines.lineNumber),
          statementMatches.current,
        ),
      )
      .where(
        and(
          ne(statementMatches.orderId, orders.id),
          or(
            eq(currentStatementLines.sessionId, sessionId),
            and(sql`${sessionId} is null`, eq(currentStatementLines.responseId, responseId)),
          ),
        ),
      )
      .limit(1)
    return db
      .select({
        state: orders.state,
        reason: orders.reason,
        isUnpriced: sql<boolean>`${attempts.quotedAmount} is null`,
        executionOf: sql<string | null>`coalesce(${orderWithItsId}, ${orderOfItsLine})`,
      })
      .from(orders)
      .leftJoin(attempts, and(eq(attempts.orderId, orders.id), sql`${attempts.outcome} = 'in_doubt'`))
      .where(eq(orders.id, orderId))
  },
)

interface Doubt {
  readonly state: OrderState
  readonly reason: string
  readonly isUnpriced: boolean
  /** The order whose transaction it is, when that is another order. */
  readonly executionOf: string | null
}

/** Why the order cannot be resolved so; null when it can. */
export async function whyUnresolvable(
  session: Session,
  orderId: string,
  executed: ProposedExecution | null,
): Promise<string | null> {
  const ids = { sessionId: executed?.sessionId ?? null, responseId: executed?.responseId ?? null }
  const [doubt] = await selectDoubt(session, { orderId, ...ids })
  return doubt === undefined ? 'there is no such order' : whyContradicted(doubt, executed)
}

function whyContradicted(doubt: Doubt, executed: ProposedExecution | null): string | null {
  if (doubt.state !== 'in_doubt')
    return `only an order in doubt can be resolved; this one is ${doubt.state} (${doubt.reason})`
  if (executed === null) return null
  if (executed.sessionId === null && executed.responseId === null)
    return 'an execution needs its session_id or its response_id'
  if (executed.sessionId?.trim() === '' || executed.responseId?.trim() === '')
    return 'an id must not be empty: leave it out'
  if (doubt.executionOf !== null) return `that transaction is the one of order ${doubt.executionOf}`
  if (doubt.isUnpriced && (executed.amount === null || executed.fee === null))
    return "this order's quote has no amount and no fee: say --amount and --fee"
  return null
}
