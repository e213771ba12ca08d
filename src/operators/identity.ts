import { sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement, type } from '../postgres/statement.ts'
import type { Identity, Role } from './enums.ts'
import { installation, operators } from './schema.ts'

export interface Installation {
  readonly id: string
  readonly identity: Identity
  readonly hasOperators: boolean
}

const selectInstallation = statement('read_installation', {}, (db) =>
  db
    .select({
      id: installation.id,
      identity: installation.identity,
      hasOperators: sql<boolean>`exists (select from ${operators})`,
    })
    .from(installation),
)

/** Which installation this is, and whether its people are proven. */
export async function readInstallation(runner: StatementRunner): Promise<Installation> {
  const [row] = await selectInstallation(runner, {})
  if (row === undefined) throw new Error('a database without its row of installation')
  return row
}

/** An operator whose token is valid. */
export interface SignedIn {
  readonly name: string
  readonly roles: readonly Role[]
  readonly prefix: string
}

const selectOperator = statement('operator_of_token', { token: type.text }, (db, { token }) =>
  db
    .select({
      name: sql<string>`o.name`,
      roles: sql<Role[]>`o.roles`,
      prefix: sql<string>`o.prefix`,
    })
    .from(sql`operator_of_token(${token}) o`),
)

/** Whose token this is; null when it is not valid. */
export async function findOperator(runner: StatementRunner, token: string): Promise<SignedIn | null> {
  const [found] = await selectOperator(runner, { token })
  return found ?? null
}

const updateIdentity = statement('declare_identity', {}, (db) =>
  db
    .update(installation)
    .set({ identity: 'declared' })
    .where(sql`${installation.identity} <> 'declared' and not exists (select from ${operators})`),
)

/**
 * Lets anybody give any name, as `up` and `demo` do in the database that they create, until it has an operator. Only the owner
 * of the tables may.
 */
export async function declareIdentity(runner: StatementRunner): Promise<void> {
  await updateIdentity(runner, {})
}
