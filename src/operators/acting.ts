import { sql } from 'drizzle-orm'
import type { Database, StatementRunner, Transactor } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import { Refusal, StorageError } from '../postgres/storage-error.ts'
import type { Credential } from './credential.ts'
import { installation } from './schema.ts'

/** Who acts: a name, and in an installation that proves its people the token that proves it. */
export interface Actor {
  readonly by: string
  readonly credential?: Credential
  /** The command that the person gives, for the audit. */
  readonly command?: string
}

/** The person is not who acts here. The message says what to do. */
export class NotProven extends Refusal {
  override name = 'NotProven'
}

const actAsOperator = statement(
  'act_as_operator',
  { token: type.text, command: nullable(type.text) },
  (db, { token, command }) =>
    db.select({ name: sql<string | null>`act_as_operator(${token}, ${command})` }).from(installation),
)

const declareOperator = statement(
  'declare_operator',
  { name: type.text, command: nullable(type.text) },
  (db, { name, command }) =>
    db.select({ name: sql<string>`declare_operator(${name}, ${command})` }).from(installation),
)

/** What a person without a valid token is told. */
export const SIGN_IN =
  'sign in with `goldpro login`, or set GOLDPRO_OPERATOR_TOKEN; an admin gives tokens (`goldpro operator`)'

/**
 * Tells Postgres who acts in the transaction that is open. Its triggers accept writes in the name of this person only.
 * @throws NotProven
 */
export async function actAs(runner: StatementRunner, actor: Actor): Promise<void> {
  const { by, credential, command = null } = actor
  if (credential === undefined) {
    await declareOperator(runner, { name: by, command }).catch(orNotProven)
    return
  }
  const [found] = await actAsOperator(runner, { token: credential.reveal(), command })
  if (found?.name == null)
    throw new NotProven(`the operator's token is not valid, or its operator is disabled: ${SIGN_IN}`)
  if (found.name !== by) throw new NotProven(`the token is ${found.name}'s, and the command names ${by}`)
}

function orNotProven(error: unknown): never {
  if (error instanceof StorageError && error.constraint === 'operator_proven')
    throw new NotProven(`this installation proves its people, and a name alone is not enough: ${SIGN_IN}`)
  throw error
}

/** What the guards of Postgres refuse, as sentences. */
const REFUSALS: Readonly<Record<string, string>> = {
  operator_proven: 'a person is named who has not proven to act here',
  operator_role: 'you do not have the role that this takes: see `goldpro whoami`',
  operator_author: 'the person who proposed it is disabled by now: decline it, and propose it again',
  order_restored:
    'a recovery holds this order, for it may have been executed: `goldpro recover release` proposes its release, once the statements of that time are complete, and another person approves it',
  partner_limits_approved: 'two people raise a limit: propose it, and another person approves it',
  partner_scopes_approved:
    'two people give a partner more scopes: `goldpro partner set-scopes` proposes it, another person approves it, then add the key',
  webhook_endpoint_approved:
    'two people decide where events are sent: propose it, and another person approves it',
  operator_own_roles: 'nobody changes their own roles: ask another admin',
  operator_last_admin: 'the last admin stays: add another one first',
  operator_grant_approved: 'it takes two admins to give somebody a role',
  operator_token_approved: 'it takes two admins to give somebody a token',
  operator_enabled: 'there is no enabled operator of this name: see `goldpro operator list`',
  operator_sign_in_confirmed: 'somebody else than who invited or linked confirms it',
  operator_factors_one_account: 'this account is linked to another operator',
  operator_bootstrap: 'there is no operator yet: `goldpro operator bootstrap` makes the first one',
  operators_name: 'a name of an operator has no slash: that is the mark of a partner’s holder',
}

/** Why a person's command is refused, when Postgres or the token says so; null for any other error. */
export function whyRefused(error: unknown): string | null {
  if (error instanceof NotProven) return error.message
  const constraint = error instanceof StorageError ? error.constraint : null
  return constraint === null ? null : (REFUSALS[constraint] ?? null)
}

/** Begins every transaction with who acts in it. */
const begunBy =
  (transactor: Transactor, actor: Actor): Transactor['transaction'] =>
  async (work) => {
    try {
      return await transactor.transaction(async (runner) => {
        await actAs(runner, actor)
        return await work(runner)
      })
    } catch (error) {
      const reason = whyRefused(error)
      throw reason === null ? error : new NotProven(reason)
    }
  }

/** The pool for commands that name their actor in a text: the person acts in every statement and every transaction. */
export function databaseOf(database: Database, actor: Actor): Database {
  const transaction = begunBy(database, actor)
  return { ...database, transaction, run: (...asked) => transaction((runner) => runner.run(...asked)) }
}

/** The same for a session, whose statements outside a transaction only read. */
export function sessionOf(session: Session, actor: Actor): Session {
  const acting: Session = {
    ...session,
    transaction: (work) => begunBy(session, actor)(() => work(acting)),
  }
  return acting
}
