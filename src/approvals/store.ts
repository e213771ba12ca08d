import { and, eq, sql } from 'drizzle-orm'
import { statement, type } from '../postgres/statement.ts'
import { changeRequests } from './schema.ts'

/** Inserts a request, or nothing when its subject has an open one of the kind. */
export const insertRequest = statement(
  'insert_change_request',
  {
    kind: changeRequests.kind,
    subject: changeRequests.subject,
    payload: changeRequests.payload,
    seen: changeRequests.seen,
    note: changeRequests.note,
    proposedBy: changeRequests.proposedBy,
  },
  (db, request) =>
    db
      .insert(changeRequests)
      .values({ ...request, state: 'open' })
      .onConflictDoNothing()
      .returning({ requestId: changeRequests.id }),
)

/** The open request of a subject, by its number. */
export const findOpenRequest = statement(
  'find_open_change_request',
  { kind: changeRequests.kind, subject: changeRequests.subject },
  (db, { kind, subject }) =>
    db
      .select({ requestId: changeRequests.id, proposedBy: changeRequests.proposedBy })
      .from(changeRequests)
      .where(
        and(
          eq(changeRequests.kind, kind),
          eq(changeRequests.subject, subject),
          sql`${changeRequests.state} = 'open'`,
        ),
      ),
)

/** A request, locked until the transaction ends. */
export const lockRequest = statement(
  'lock_change_request',
  { requestId: changeRequests.id, by: type.text },
  (db, { requestId, by }) =>
    db
      .select({
        requestId: changeRequests.id,
        kind: changeRequests.kind,
        subject: changeRequests.subject,
        payload: changeRequests.payload,
        seen: changeRequests.seen,
        state: changeRequests.state,
        proposedBy: changeRequests.proposedBy,
        decidedBy: changeRequests.decidedBy,
        // Postgres compares the names, as its check of approvals does.
        isByAuthor: sql<boolean>`person_key(${by}) = person_key(${changeRequests.proposedBy})`,
      })
      .from(changeRequests)
      .where(eq(changeRequests.id, requestId))
      .for('update'),
)

/** Stores the decision of a request that is locked and open. */
export const decideRequest = statement(
  'decide_change_request',
  {
    requestId: changeRequests.id,
    state: changeRequests.state,
    decidedBy: changeRequests.decidedBy,
    decisionNote: changeRequests.decisionNote,
    alone: changeRequests.alone,
  },
  (db, { requestId, ...decision }) =>
    db
      .update(changeRequests)
      .set({ ...decision, decidedAt: sql`clock_timestamp()` })
      .where(eq(changeRequests.id, requestId)),
)
