import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { personName } from '../../cli/current-user.ts'
import { shownText } from '../../cli/shown-text.ts'
import { addOperator, disableOperator, enableOperator, rotateToken, setRoles } from '../admin/commands.ts'
import type { Person } from '../person-commands.ts'
import {
  type GrantOptions,
  keyOption,
  noteOption,
  rolesOption,
  runGrant,
  uniqueRoles,
} from './operator-options.ts'

/** `goldpro operator add` */
export function addCommand(): Command {
  return new Command('add')
    .description('add an operator; once there are two admins, another admin approves it')
    .argument('<name>', 'who it is', personName)
    .addOption(rolesOption().makeOptionMandatory())
    .addOption(keyOption())
    .addOption(noteOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ goldpro operator add budi --roles checker --key gpo_a1b2c3d4e5f6:9f86… --note "finance"',
    )
    .action(async (name: string, { roles: given, key, ...person }: GrantOptions) => {
      const roles = uniqueRoles(given)
      await runGrant(
        (session) => addOperator(session, person, { name, roles, key: key ?? null }, randomBytes),
        `${shownText(name)} is an operator: ${roles.join(', ')}`,
      )
    })
}

/** `goldpro operator set-roles` */
export function rolesCommand(): Command {
  return new Command('set-roles')
    .description("set an operator's roles; once there are two admins, another admin approves a role more")
    .argument('<name>', 'the operator', personName)
    .addOption(rolesOption().makeOptionMandatory())
    .addOption(noteOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ goldpro operator set-roles budi --roles viewer --note "has left finance"',
    )
    .action(async (name: string, { roles: given, ...person }: GrantOptions) => {
      const roles = uniqueRoles(given)
      await runGrant(
        (session) => setRoles(session, person, name, roles),
        `${shownText(name)} has the roles ${roles.join(', ')}`,
      )
    })
}

/** `goldpro operator rotate` */
export function rotateCommand(): Command {
  return new Command('rotate')
    .description('give an operator a new token and end the earlier ones; without a name, your own')
    .argument('[name]', 'the operator; another than you takes an admin', personName)
    .addOption(keyOption())
    .addOption(noteOption())
    .addHelpText('after', '\nExample:\n  $ goldpro operator rotate --note "new laptop" | goldpro login')
    .action(async (name: string | undefined, { key, ...person }: GrantOptions) => {
      await runGrant(
        (session) => rotateToken(session, person, name ?? null, key ?? null, randomBytes),
        `${shownText(name ?? person.by)} has a new token, and the earlier ones are revoked`,
      )
    })
}

const STATES = [
  {
    name: 'disable',
    does: 'disable an operator at once: the tokens prove nothing any more, and what was proposed is not carried out',
    work: disableOperator,
    done: 'is disabled',
  },
  {
    name: 'enable',
    does: 'enable a disabled operator again; once there are two admins, another admin approves it',
    work: enableOperator,
    done: 'is enabled again',
  },
] as const

/** `goldpro operator disable|enable` */
export function stateCommands(): Command[] {
  return STATES.map(({ name: verb, does, work, done }) =>
    new Command(verb)
      .description(does)
      .argument('<name>', 'the operator', personName)
      .addOption(noteOption())
      .addHelpText('after', `\nExample:\n  $ goldpro operator ${verb} budi --note "…"`)
      .action(async (name: string, person: Person) => {
        await runGrant((session) => work(session, person, name), `${shownText(name)} ${done}`)
      }),
  )
}
