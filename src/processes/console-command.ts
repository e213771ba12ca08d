import { Command } from 'commander'
import { readyDatabaseUrl, settingsHere } from '../cli/context.ts'
import { errorCode, Failure } from '../cli/failure.ts'
import { endSignal, exitAtTheLatestIn } from '../cli/signals.ts'
import type { Settings } from '../config.ts'
import { createConsoleKeys } from '../console/keys.ts'
import type { ProviderSettings } from '../console/oidc/provider.ts'
import { createLog, type Logger } from '../observability/log.ts'
import { isConsoleKey } from '../operators/sign-in/console-key.ts'
import { withSession } from '../postgres/session.ts'
import { breakerRulesOf } from './breaker-rules.ts'
import { type Door, type RunningConsole, startConsole } from './console.ts'
import { logNewerTables } from './newer-tables.ts'

/** How long open requests may take to end. */
export const STOP_WITHIN_MS = 25_000

/** `goldpro console` */
export function consoleCommand(): Command {
  return new Command('console')
    .description('serve the operations console to people, until SIGTERM or Ctrl-C')
    .addHelpText(
      'after',
      `
Needs DATABASE_URL, CONSOLE_SECRET, and the same REDIS_URL as the workers. The pages are at CONSOLE_HOST:CONSOLE_PORT. Behind a proxy that
terminates TLS set CONSOLE_ORIGIN to the address that browsers ask, such as https://ops.example.id: forms of every other
origin are refused, and cookies are then sent by TLS only. Start any number; sessions are in Postgres. docs/console.md says
who may do what. \`goldpro up\` starts a console of its own, with two people to try it as.

Example:
  $ DATABASE_URL=postgres://… CONSOLE_ORIGIN=https://ops.example.id goldpro console`,
    )
    .action(runConsole)
}

async function runConsole(): Promise<void> {
  const settings = await settingsHere()
  const databaseUrl = await readyDatabaseUrl(settings)
  const log = createLog(settings.logLevel)
  await logNewerTables(databaseUrl, log)
  const { host, port } = settings.console
  const door = await provenDoor({ ...settings, databaseUrl })
  const running = await startConfiguredConsole({ ...settings, databaseUrl }, door, log).catch(
    (error: unknown) => {
      throw new Failure(
        1,
        `cannot listen at ${host}:${port} (${errorCode(error)}): set CONSOLE_HOST or CONSOLE_PORT`,
      )
    },
  )
  log.info({ url: running.url }, 'console started')
  const signal = await endSignal()
  log.info({ signal }, 'console stops: open requests are answered')
  exitAtTheLatestIn(STOP_WITHIN_MS, 1)
  await running.stop()
  log.info({}, 'console stopped')
}

type ReadySettings = Settings & { readonly databaseUrl: string }

/** The door of the installation's operators. @throws Failure that says what to do, when Postgres does not know the console */
export async function provenDoor(settings: ReadySettings): Promise<Door> {
  const { databaseUrl, consoleSignIn } = settings
  const { secret, hasPasswords } = consoleSignIn
  if (secret === null) throw new Failure(2, `set CONSOLE_SECRET: ${LET_IN}`)
  const key = createConsoleKeys(secret).database
  if (!(await withSession(databaseUrl, (session) => isConsoleKey(session, key))))
    throw new Failure(1, `Postgres does not know a console with this CONSOLE_SECRET: ${LET_IN}`)
  const provider = providerOf(settings)
  if (provider === null && !hasPasswords)
    throw new Failure(
      2,
      'CONSOLE_OIDC_ONLY is true, and CONSOLE_OIDC_ISSUER is not set: nobody could sign in',
    )
  return { is: 'proven', secret, hasPasswords, provider }
}

/** The callback of the console; the provider must know it. */
const CALLBACK = '/sign-in/oidc/callback'

function providerOf({ consoleSignIn, console: { publicOrigin } }: ReadySettings): ProviderSettings | null {
  const { issuer, oidc } = consoleSignIn
  if (issuer === null) return null
  if (oidc === null)
    throw new Failure(2, 'set CONSOLE_OIDC_CLIENT_ID and CONSOLE_OIDC_CLIENT_SECRET with CONSOLE_OIDC_ISSUER')
  if (publicOrigin === null) throw new Failure(2, 'set CONSOLE_ORIGIN with CONSOLE_OIDC_ISSUER')
  return { ...oidc, redirectUri: `${publicOrigin}${CALLBACK}` }
}

const LET_IN =
  'make one by `openssl rand -base64 32`, give it to `goldpro console`, and once to `goldpro migrate`'

/** Starts the console by the settings. */
export async function startConfiguredConsole(
  settings: ReadySettings,
  door: Door,
  log: Logger,
): Promise<RunningConsole> {
  const { databaseUrl, redisUrl, onePersonTeam, reconLagMs } = settings
  const { trustedProxies, uploadLimitBytes } = settings.http
  const given = {
    databaseUrl,
    redisUrl,
    onePersonTeam,
    reconLagMs,
    breaker: breakerRulesOf(settings),
    trustedProxies,
    uploadLimitBytes,
  }
  return await startConsole({ ...given, ...settings.console, door, log })
}

/** As `startConfiguredConsole`, on a free port where the configured one is taken. */
export async function startConsoleSomewhere(
  settings: ReadySettings,
  door: Door,
  log: Logger,
): Promise<RunningConsole> {
  try {
    return await startConfiguredConsole(settings, door, log)
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw error
    return await startConfiguredConsole({ ...settings, console: { ...settings.console, port: 0 } }, door, log)
  }
}
