import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text as readAll } from 'node:stream/consumers'
import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Settings } from '../../config.ts'
import type { Session } from '../../postgres/session.ts'
import { formatPublicKey } from '../admin/grant-roles.ts'
import { findOperator, type Installation, readInstallation } from '../identity.ts'
import { findToken, newToken, TOKEN_EXPECTED } from '../token-format.ts'
import { tokenHere } from './sign-in.ts'
import { removeTokenFile, writeToken } from './token-file.ts'

/** `goldpro login` */
export function loginCommand(): Command {
  return new Command('login')
    .description('sign in as an operator: check a token, and store it in a file that only you can read')
    .option('--new', 'make a token here that nobody else sees, and print what an admin needs to let it in')
    .addHelpText(
      'after',
      `
The token is read from standard input, or asked for. \`goldpro operator add\` and \`goldpro operator bootstrap\` print it once.
Without a file, set GOLDPRO_OPERATOR_TOKEN.

Example:
  $ goldpro login
  $ goldpro login --new`,
    )
    .action(async ({ new: isNew }: { new?: true }) => {
      const settings = await settingsHere()
      await withSessionHere(settings, async (session) => {
        const installation = await readInstallation(session)
        await (isNew ? makeToken(installation) : checkToken(session, installation))
        if (settings.operatorToken !== null)
          console.error('GOLDPRO_OPERATOR_TOKEN is set, and is used instead of the stored token')
      })
    })
}

async function checkToken(session: Session, { id }: Installation): Promise<void> {
  const token = findToken(await askToken())
  if (token === null) throw new Failure(2, `that is no token: it must be ${TOKEN_EXPECTED}`)
  const found = await findOperator(session, token)
  if (found === null)
    throw new Failure(
      1,
      'the token is not valid here, or its operator is disabled: ask an admin for another one',
    )
  const file = await writeToken(id, token)
  console.log(`you are ${shownText(found.name)} (${found.roles.join(', ')}); the token is in ${file}`)
}

async function makeToken({ id }: Installation): Promise<void> {
  const made = newToken(randomBytes)
  const file = await writeToken(id, made.token)
  console.log(
    `${formatPublicKey(made)}\n` +
      'Give this line to an admin: `goldpro operator add NAME --roles … --key LINE`, or `goldpro operator rotate NAME --key LINE`.\n' +
      `It is no secret. The token itself is in ${file}, and proves who you are once the admin has let it in.`,
  )
}

async function askToken(): Promise<string> {
  if (!process.stdin.isTTY) return await readAll(process.stdin)
  process.stderr.write('token: ')
  // What is typed is not shown.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

/** `goldpro logout` */
export function logoutCommand(): Command {
  return new Command('logout')
    .description('remove the stored token from this machine; it stays valid elsewhere until it is rotated')
    .addHelpText('after', '\nExample:\n  $ goldpro logout')
    .action(async () => {
      const { id } = await withSessionHere(await settingsHere(), readInstallation)
      console.log((await removeTokenFile(id)) ? 'the token is removed' : 'no token was stored')
    })
}

/** `goldpro whoami` */
export function whoamiCommand(): Command {
  return new Command('whoami')
    .description('show which operator you are here, and your roles')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ goldpro whoami')
    .action(async ({ json }: { json?: true }) => {
      const settings = await settingsHere()
      const found = await withSessionHere(settings, (session) => whoAmI(session, settings))
      if (json) console.log(JSON.stringify(found))
      else console.log(found.name === null ? DECLARED : `${shownText(found.name)}: ${found.roles.join(', ')}`)
    })
}

const DECLARED =
  'nobody: this is an installation for development, which takes any name given with --by (`goldpro operator bootstrap` ends that)'

async function whoAmI(session: Session, settings: Settings) {
  const installation = await readInstallation(session)
  const { identity } = installation
  if (identity === 'declared') return { identity, name: null, roles: [] }
  const token = await tokenHere(settings, installation)
  if (token === null) throw new Failure(1, 'nobody is signed in: run `goldpro login`')
  const found = await findOperator(session, token)
  if (found === null) throw new Failure(1, 'the token is not valid: it waits for an admin, or it is revoked')
  return { identity, name: found.name, roles: found.roles }
}
