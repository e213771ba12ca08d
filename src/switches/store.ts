import { and, eq, sql } from 'drizzle-orm'
import { statement } from '../postgres/statement.ts'
import { switchClosings } from './schema.ts'

/**
 * Closes a switch: nothing when its scope is closed already. The trigger waits for the intents that are being committed.
 * No intent is committed before the transaction ends.
 */
export const insertClosing = statement(
  'close_switch',
  {
    scope: switchClosings.scope,
    reason: switchClosings.reason,
    closedBy: switchClosings.closedBy,
    extendsDeadlines: switchClosings.extendsDeadlines,
  },
  (db, closing) =>
    db
      .insert(switchClosings)
      .values(closing)
      .onConflictDoNothing()
      .returning({ closingId: switchClosings.id, closedAt: switchClosings.closedAt }),
)

/** Keeps closed for a person what the breaker has closed by itself: it opens it no more. */
export const keepClosed = statement(
  'keep_switch_closed',
  { scope: switchClosings.scope, keptClosedBy: switchClosings.keptClosedBy },
  (db, { scope, keptClosedBy }) =>
    db
      .update(switchClosings)
      .set({ keptClosedBy })
      .where(
        and(
          eq(switchClosings.scope, scope),
          sql`${switchClosings.openedAt} is null`,
          sql`${switchClosings.closedBy} = 'breaker'`,
          sql`${switchClosings.keptClosedBy} is null`,
        ),
      )
      .returning({ closingId: switchClosings.id }),
)

/** Opens the switch of a closing. The trigger demands that this change was approved in this transaction. */
export const openClosing = statement(
  'open_switch',
  {
    closingId: switchClosings.id,
    openedBy: switchClosings.openedBy,
    requestId: switchClosings.requestId,
  },
  (db, { closingId, openedBy, requestId }) =>
    db
      .update(switchClosings)
      .set({ openedAt: sql`now()`, openedBy, requestId })
      .where(and(eq(switchClosings.id, closingId), sql`${switchClosings.openedAt} is null`))
      .returning({ scope: switchClosings.scope }),
)
