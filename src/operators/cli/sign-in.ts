import type { Command } from 'commander'
import { settingsHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import type { Settings } from '../../config.ts'
import { type Session, withSession } from '../../postgres/session.ts'
import { StorageError } from '../../postgres/storage-error.ts'
import { SIGN_IN } from '../acting.ts'
import { COMMAND_RIGHTS, type CommandRight } from '../command-rights.ts'
import { Credential } from '../credential.ts'
import { findOperator, type Installation, readInstallation, type SignedIn } from '../identity.ts'
import { readToken, TOKEN_EXPECTED } from '../token-format.ts'
import { readTokenFile } from './token-file.ts'

/** The command and its parents, such as `orders approve`. */
export function pathOf(command: Command): string {
  const names: string[] = []
  for (let each = command; each.parent !== null; each = each.parent) names.unshift(each.name())
  return names.join(' ')
}

/**
 * Runs before every command: who gives it, and may they? Where people are proven, the options `by` and `credential` become
 * those of the token's operator, and `--by` is refused. A command that is not in the table of rights is refused.
 */
export async function signIn(action: Command): Promise<void> {
  const path = pathOf(action)
  const right = COMMAND_RIGHTS[path]
  if (right === undefined) throw new Error(`the command ${path} has no rights: add it to COMMAND_RIGHTS`)
  if (right.needs === 'nobody') return
  action.setOptionValue('command', path)
  const settings = await settingsHere()
  if (settings.databaseUrl === null) return
  const operator = await inReachable(settings.databaseUrl, (session) => provenOperator(session, settings))
  if (operator === null) return
  refuseUnfit(action, path, right, operator.signedIn)
  action.setOptionValue('by', operator.signedIn.name)
  action.setOptionValue('credential', new Credential(operator.token))
}

/** SQLSTATE of a table that is not there: the database lacks this version's migrations. */
const UNDEFINED_TABLE = '42P01'

/** Null also when the database cannot be reached or is not migrated: the command itself says so, and what to do. */
async function inReachable<T>(databaseUrl: string, use: (session: Session) => Promise<T>): Promise<T | null> {
  let isReached = false
  try {
    return await withSession(databaseUrl, (session) => {
      isReached = true
      return use(session)
    })
  } catch (error) {
    if (error instanceof StorageError && (!isReached || error.code === UNDEFINED_TABLE)) return null
    throw error
  }
}

interface ProvenOperator {
  readonly token: string
  readonly signedIn: SignedIn
}

/** The operator of the token that is at hand; null where names are declared. */
async function provenOperator(session: Session, settings: Settings): Promise<ProvenOperator | null> {
  const installation = await readInstallation(session)
  if (installation.identity === 'declared') return null
  if (!installation.hasOperators)
    throw new Failure(1, 'there is no operator yet: `goldpro operator bootstrap NAME` makes the first one')
  const token = await tokenHere(settings, installation)
  if (token === null) throw new Failure(1, `nobody is signed in: ${SIGN_IN}`)
  const signedIn = await findOperator(session, token)
  if (signedIn === null)
    throw new Failure(1, `the operator's token is not valid, or its operator is disabled: ${SIGN_IN}`)
  return { token, signedIn }
}

/** The token of the environment, else the stored one. */
export async function tokenHere({ operatorToken }: Settings, { id }: Installation): Promise<string | null> {
  if (operatorToken === null) return await readTokenFile(id)
  const token = readToken(operatorToken)
  if (token === null) throw new Failure(2, `GOLDPRO_OPERATOR_TOKEN must be ${TOKEN_EXPECTED}`)
  return token
}

function refuseUnfit(
  action: Command,
  path: string,
  { needs }: CommandRight,
  { name, roles }: SignedIn,
): void {
  if (action.getOptionValueSource('by') === 'cli')
    throw new Failure(
      2,
      `leave --by out: this installation proves its people, and the token says that you are ${name}`,
    )
  if (needs !== 'nobody' && !needs.some((role) => roles.includes(role)))
    throw new Failure(
      1,
      `${path} takes the role ${needs.join(' or ')}; ${name} has ${roles.join(', ')}: an admin changes it with \`goldpro operator set-roles\``,
    )
}
