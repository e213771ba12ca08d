import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { settingsHere, withDatabase, withSessionHere } from '../../cli/context.ts'
import { personName } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { bootstrap } from '../admin/bootstrap.ts'
import { type ListedOperator, listOperators } from '../admin/store.ts'
import type { Role } from '../enums.ts'
import { addCommand, rolesCommand, rotateCommand, stateCommands } from './operator-grants.ts'
import { onceShown, rolesOption, uniqueRoles } from './operator-options.ts'
import { signInCommands } from './operator-sign-in.ts'

/** `goldpro operator …` */
export function operatorCommand(): Command {
  const command = new Command('operator')
    .description('the people who operate this installation, their roles and their tokens')
    .addHelpText(
      'after',
      `
viewer reads; maker proposes, creates and runs; checker approves what another operator proposed; admin administrates
operators and partners. Every operator may read, and every role but viewer may make things safer. See docs/people.md.

Start here:
  $ goldpro operator bootstrap ani --roles admin maker
  $ goldpro login
  $ goldpro operator add budi --roles checker --note "finance"
  $ goldpro operator invite budi --note "works at the console"`,
    )
  const commands = [bootstrapCommand(), listCommand(), addCommand(), rolesCommand(), rotateCommand()]
  for (const each of [...commands, ...stateCommands(), ...signInCommands()]) command.addCommand(each)
  return command
}

function bootstrapCommand(): Command {
  return new Command('bootstrap')
    .description('make the first operator, an admin, and print the token, which is shown only once')
    .argument('<name>', 'who it is', personName)
    .addOption(rolesOption().default(['admin']))
    .addHelpText(
      'after',
      `
It takes the role in Postgres that runs \`goldpro migrate\`, and works once. From then on every command needs a token, also
in an installation of \`up\`, and --by is refused.

Example:
  $ goldpro operator bootstrap ani --roles admin maker`,
    )
    .action(async (name: string, { roles: given }: { roles: readonly Role[] }) => {
      const roles = uniqueRoles(given)
      if (!roles.includes('admin'))
        throw new Failure(2, 'the first operator is an admin: add admin to --roles')
      const answer = await withSessionHere(await settingsHere(), (session) =>
        bootstrap(session, name, roles, randomBytes),
      )
      if (answer.is === 'refused') throw new Failure(1, answer.message)
      console.log(`${shownText(name)}: ${roles.join(', ')}\n${onceShown(answer.token)}`)
    })
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list operators with their roles and the beginnings of their tokens')
    .addHelpText('after', '\nExample:\n  $ goldpro operator list')
  return rowFormatOptions(command).action(async (format: RowFormat) => {
    const operators = await withDatabase(await settingsHere(), (database) => listOperators(database, {}))
    printRows(format, {
      jsonLines: () => jsonLinesOf(operators),
      text: () => (operators.length === 0 ? NONE : asTable(operators)),
    })
  })
}

const NONE = 'no operators: `goldpro operator bootstrap NAME` makes the first one'

const asTable = (operators: readonly ListedOperator[]) =>
  table(
    ['operator', 'roles', 'since', 'state', 'tokens'],
    operators.map(({ name, roles, createdAt, disabledAt, prefixes }) => [
      shownText(name),
      roles.join(' '),
      shownTime(createdAt),
      disabledAt === null ? 'enabled' : `DISABLED ${shownTime(disabledAt)}`,
      prefixes.map((prefix) => `gpo_${prefix}`).join(' '),
    ]),
  )
