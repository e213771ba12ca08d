import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { nullable, statement, type } from '../../postgres/statement.ts'
import { consoleSessions } from '../schema.ts'

const insertSession = statement(
  'open_console_session',
  {
    id: consoleSessions.id,
    operator: consoleSessions.operator,
    proof: nullable(consoleSessions.proof),
    minutes: type.integer,
  },
  (db, { id, operator, proof, minutes }) =>
    db
      .insert(consoleSessions)
      .values({ id, operator, proof, endsAt: sql`now() + make_interval(mins => ${minutes})` }),
)

/** Opens a session that ends after so many minutes at the latest. */
export async function openSession(
  runner: StatementRunner,
  session: { readonly id: string; readonly operator: string; readonly proof: string | null },
  minutes: number,
): Promise<void> {
  await insertSession(runner, { ...session, minutes })
}

const isAlive = isNull(consoleSessions.endedAt)

const useSession = statement(
  'use_console_session',
  { id: consoleSessions.id, idleMinutes: type.integer, isPersonal: type.boolean },
  (db, { id, idleMinutes, isPersonal }) =>
    db
      .update(consoleSessions)
      .set({ seenAt: sql`case when ${isPersonal} then now() else ${consoleSessions.seenAt} end` })
      .where(
        and(
          eq(consoleSessions.id, id),
          isAlive,
          gt(consoleSessions.endsAt, sql`now()`),
          gt(consoleSessions.seenAt, sql`now() - make_interval(mins => ${idleMinutes})`),
        ),
      )
      .returning({ operator: consoleSessions.operator, proof: consoleSessions.proof }),
)

/** A session that is neither ended, expired nor idle; null otherwise. @param isPersonal false: a page asks by itself */
export async function findSession(
  runner: StatementRunner,
  asked: { readonly id: string; readonly idleMinutes: number; readonly isPersonal: boolean },
): Promise<{ operator: string; proof: string | null } | null> {
  const [found] = await useSession(runner, asked)
  return found ?? null
}

/** Ends one session. */
export const endSession = statement('end_console_session', { id: consoleSessions.id }, (db, { id }) =>
  db
    .update(consoleSessions)
    .set({ endedAt: sql`now()`, proof: null })
    .where(and(eq(consoleSessions.id, id), isAlive)),
)

/** Ends every session of an operator. */
export const endSessionsOf = statement(
  'end_console_sessions',
  { operator: consoleSessions.operator },
  (db, { operator }) =>
    db
      .update(consoleSessions)
      .set({ endedAt: sql`now()`, proof: null })
      .where(and(eq(consoleSessions.operator, operator), isAlive))
      .returning({ id: consoleSessions.id }),
)

/** Deletes sessions that ended days ago. */
export const deletePastSessions = statement('delete_past_console_sessions', {}, (db) =>
  db.delete(consoleSessions).where(lt(consoleSessions.endsAt, sql`now() - interval '7 days'`)),
)
