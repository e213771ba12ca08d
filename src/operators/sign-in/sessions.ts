import { sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { statement, type } from '../../postgres/statement.ts'
import type { Role, SessionProof } from '../enums.ts'
import { installation } from '../schema.ts'

/** How a session's secret proves its operator to Postgres, as a token does. */
export const sessionCredential = (secret: string): string => `gps_${secret}`

/** Whoever is signed in, with the roles of now. */
export interface RecalledSession {
  readonly name: string
  /** Null: the name was declared, and the installation has no roles of it. */
  readonly roles: readonly Role[] | null
  readonly proof: SessionProof
}

const selectSession = statement(
  'recall_session',
  { secret: type.text, isPersonal: type.boolean },
  (db, { secret, isPersonal }) =>
    db
      .select({
        name: sql<string>`s.name`,
        roles: sql<Role[] | null>`s.roles`,
        proof: sql<SessionProof>`s.proof`,
      })
      .from(sql`recall_session(${secret}, ${isPersonal}) s`),
)

/** A session that has neither ended nor idled, of an operator who is enabled. @param isPersonal keeps it alive */
export async function recallSession(
  runner: StatementRunner,
  asked: { readonly secret: string; readonly isPersonal: boolean },
): Promise<RecalledSession | null> {
  const [found] = await selectSession(runner, asked)
  return found ?? null
}

/** Opens a session for a name that is only declared. */
export const openDeclaredSession = statement(
  'open_declared_session',
  { name: type.text, sessionId: type.text },
  (db, { name, sessionId }) =>
    db.select({ opened: sql`open_declared_session(${name}, ${sessionId})` }).from(installation),
)

/** Ends a session. */
export const endSession = statement('end_session', { secret: type.text }, (db, { secret }) =>
  db.select({ name: sql<string | null>`end_session(${secret})` }).from(installation),
)
