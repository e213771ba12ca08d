import { and, desc, eq, sql } from 'drizzle-orm'
import { limitOf, nullable, statement, type } from '../postgres/statement.ts'
import { changeRequests } from './schema.ts'

const COLUMNS = {
  requestId: changeRequests.id,
  kind: changeRequests.kind,
  subject: changeRequests.subject,
  payload: changeRequests.payload,
  seen: changeRequests.seen,
  note: changeRequests.note,
  proposedBy: changeRequests.proposedBy,
  proposedAt: changeRequests.proposedAt,
  state: changeRequests.state,
  decidedBy: changeRequests.decidedBy,
  decidedAt: changeRequests.decidedAt,
  decisionNote: changeRequests.decisionNote,
  alone: changeRequests.alone,
} as const

/** Requests, the newest first, with how many there are. */
export const listRequests = statement(
  'list_change_requests',
  { state: nullable(changeRequests.state), limit: type.integer, skip: type.integer },
  (db, { state, limit, skip }) =>
    db
      .select({ ...COLUMNS, total: sql<number>`count(*) over ()`.mapWith(Number) })
      .from(changeRequests)
      .where(and(sql`(${state} is null or ${changeRequests.state} = ${state})`))
      .orderBy(desc(changeRequests.id))
      .limit(limitOf(limit))
      .offset(limitOf(skip)),
)

/** One request by its number. */
export const findRequest = statement(
  'find_change_request',
  { requestId: changeRequests.id },
  (db, { requestId }) => db.select(COLUMNS).from(changeRequests).where(eq(changeRequests.id, requestId)),
)

export type RequestRow = Awaited<ReturnType<typeof findRequest>>[number]

/** How many requests are open, and how many of them somebody else proposed. */
export const countOpenRequests = statement('count_open_change_requests', { by: type.text }, (db, { by }) =>
  db
    .select({
      all: sql<number>`count(*)::int`,
      byOthers: sql<number>`(count(*) filter (where person_key(${changeRequests.proposedBy}) <> person_key(${by})))::int`,
    })
    .from(changeRequests)
    .where(sql`${changeRequests.state} = 'open'`),
)
