import { InvalidArgumentError, Option } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Session } from '../../postgres/session.ts'
import type { Granted } from '../admin/commands.ts'
import { type PublicKey, readPublicKey } from '../admin/grant-roles.ts'
import { ROLES, type Role } from '../enums.ts'
import type { CommandResult, Person } from '../person-commands.ts'

export interface GrantOptions extends Person {
  readonly roles: readonly Role[]
  readonly key?: PublicKey
}

export const rolesOption = () => new Option('--roles <roles...>', 'what the operator may do').choices(ROLES)

export const noteOption = () =>
  new Option('--note <text>', 'the reason; it stays in the history').makeOptionMandatory()

export const keyOption = () =>
  new Option(
    '--key <line>',
    "what the operator's `goldpro login --new` printed; without it a token is printed here",
  ).argParser((text): PublicKey => {
    const key = readPublicKey(text)
    if (key === null) throw new InvalidArgumentError('must be the line that `goldpro login --new` printed')
    return key
  })

/** Each role once, in their order. */
export const uniqueRoles = (roles: readonly Role[]): Role[] => ROLES.filter((role) => roles.includes(role))

export const onceShown = (token: string) =>
  `token  ${token}\nIt is shown only once: Postgres stores its hash. \`goldpro login\` takes it.`

/** Runs a command about an operator, and prints what became of it. */
export async function runGrant(
  work: (session: Session) => Promise<CommandResult<Granted>>,
  done: string,
): Promise<void> {
  const answer = await withSessionHere(await settingsHere(), work)
  if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
  if (!answer.granted)
    console.log(
      `proposed: another admin runs \`goldpro approvals approve ${answer.requestId} --note "…"\`, and nothing has changed before`,
    )
  else console.log(answer.token === null ? done : `${done}\n${onceShown(answer.token)}`)
}
