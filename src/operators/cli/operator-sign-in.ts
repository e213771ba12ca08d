import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { personName } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Settings } from '../../config.ts'
import type { Session } from '../../postgres/session.ts'
import { confirmSignIn, inviteOperator, linkAccount, revokeSignIn } from '../admin/sign-in.ts'
import type { CommandResult, Person } from '../person-commands.ts'
import { noteOption } from './operator-options.ts'

/** The commands about signing in at the console. */
export const signInCommands = (): Command[] => [
  inviteCommand(),
  linkCommand(),
  confirmCommand(),
  revokeCommand(),
]

async function run<T>(
  settings: Settings,
  work: (session: Session) => Promise<CommandResult<T>>,
): Promise<{ readonly is: 'done' } & T> {
  const answer = await withSessionHere(settings, work)
  if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
  return answer
}

function inviteCommand(): Command {
  return new Command('invite')
    .description(
      'let an operator set a password for the console, once, within 24 hours; without a name, yourself',
    )
    .argument('[name]', 'the operator; another than you takes an admin', personName)
    .addOption(noteOption())
    .addHelpText(
      'after',
      `
It prints an address of the console, or a code for its page /enrol. There the operator sets a password, connects a TOTP app
and gets recovery codes. The password and the phone before end at once, with every session: use it also for a lost phone.
Once there are two admins, what one of them invites another person to needs \`goldpro operator confirm\` by somebody else.

Example:
  $ goldpro operator invite budi --note "works at the console"`,
    )
    .action(async (name: string | undefined, person: Person) => {
      const settings = await settingsHere()
      const { code } = await run(settings, (session) =>
        inviteOperator(session, person, name ?? person.by, randomBytes),
      )
      const { publicOrigin } = settings.console
      console.log(
        publicOrigin === null
          ? `code  ${code}\nIt is for the page /enrol of the console.`
          : `${publicOrigin}/enrol?code=${code}`,
      )
      console.log('It is shown only once, is good once, and for 24 hours. Give it to nobody else.')
    })
}

function linkCommand(): Command {
  return new Command('link-oidc')
    .description('let an operator sign in by an account at the OpenID Connect provider')
    .argument('<name>', 'the operator; another than you takes an admin', personName)
    .requiredOption('--subject <sub>', 'the account, as the console shows it when it refuses it')
    .option('--issuer <url>', 'the provider; without it, CONSOLE_OIDC_ISSUER')
    .addOption(noteOption())
    .addHelpText(
      'after',
      `
An account linked before ends at once, with its sessions. Once there are two admins, what one of them links for another
person needs \`goldpro operator confirm NAME SUBJECT\` by somebody else.

Example:
  $ goldpro operator link-oidc budi --subject 248289761001 --note "finance"`,
    )
    .action(
      async (name: string, options: Person & { readonly subject: string; readonly issuer?: string }) => {
        const settings = await settingsHere()
        const { subject, issuer = settings.consoleSignIn.issuer, ...person } = options
        if (issuer === null) throw new Failure(2, 'give --issuer, or set CONSOLE_OIDC_ISSUER')
        const { waits } = await run(settings, (session) =>
          linkAccount(session, person, name, { issuer, subject }),
        )
        console.log(
          waits
            ? `${shownText(subject)} is linked to ${shownText(name)}, and waits until another admin, or ${shownText(name)}, confirms it: \`goldpro operator confirm\``
            : `${shownText(name)} signs in by ${shownText(subject)} at ${shownText(issuer)}`,
        )
      },
    )
}

function confirmCommand(): Command {
  return new Command('confirm')
    .description('confirm what an operator signs in by: another admin than who invited, or the operator')
    .argument('<name>', 'the operator', personName)
    .argument('<mark>', 'the mark that the console showed to the operator, or the subject of the account')
    .addOption(noteOption())
    .addHelpText(
      'after',
      `
Ask the operator for the mark, not the admin who invited: it tells that the operator, and nobody else, set the password.

Example:
  $ goldpro operator confirm citra 1a2b-3c4d-5e6f --note "she read it to me"`,
    )
    .action(async (name: string, mark: string, person: Person) => {
      await run(await settingsHere(), (session) => confirmSignIn(session, person, name, mark))
      console.log(`${shownText(name)} may sign in at the console`)
    })
}

function revokeCommand(): Command {
  return new Command('revoke-sign-in')
    .description(
      'end what an operator signs in by at the console, and every session; without a name, your own',
    )
    .argument('[name]', 'the operator; another than you takes an admin', personName)
    .addOption(noteOption())
    .addHelpText('after', '\nExample:\n  $ goldpro operator revoke-sign-in budi --note "lost the laptop"')
    .action(async (name: string | undefined, person: Person) => {
      await run(await settingsHere(), (session) => revokeSignIn(session, person, name ?? person.by))
      console.log(`${shownText(name ?? person.by)} is signed out of the console, and signs in there no more`)
    })
}
