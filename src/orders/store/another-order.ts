import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { AttemptOutcome } from '../lifecycle.ts'
import { attempts } from '../schema.ts'

/** An execution whose order is asked for. */
interface Execution {
  readonly orderId: SQLWrapper
  readonly kind: SQLWrapper
  readonly sessionId: SQLWrapper
  readonly responseId: SQLWrapper
}

const other = alias(attempts, 'other')

// A parameter: as a literal it would make the index of every live attempt one that serves, and Postgres reads all of it.
const SUCCEEDED: AttemptOutcome = 'succeeded'

/**
 * Whether an execution has the session_id of another order, or the response_id of another order of its kind: then it
 * is that order's transaction. Two orders at once are told apart by the unique indexes: the second one fails, and
 * finds the first when it is recorded again.
 */
export function isOfAnotherOrder({ orderId, kind, sessionId, responseId }: Execution): SQL<boolean> {
  return sql<boolean>`(
    exists (select 1 from ${attempts} ${other}
      where ${other.sessionId} = ${sessionId} and ${other.orderId} <> ${orderId})
    or exists (select 1 from ${attempts} ${other}
      where ${other.responseId} = ${responseId} and ${other.kind} = ${kind} and ${other.outcome} = ${SUCCEEDED}
        and ${other.orderId} <> ${orderId}))`
}
