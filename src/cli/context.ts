import { connect } from 'node:net'
import { parseSettings, type Settings } from '../config.ts'
import { findRunningUp } from '../dev/running-up.ts'
import { checkServer } from '../postgres/check-server.ts'
import { type Database, openDatabase } from '../postgres/pool.ts'
import { type Session, withSession } from '../postgres/session.ts'
import { errorCode, Failure } from './failure.ts'
import { postgresFailure } from './postgres-failure.ts'
import { redisFailure } from './redis-failure.ts'

/** The folder in which `goldpro up` keeps its data and announces that it runs. */
export const LOCAL_FOLDER = '.goldpro'

/** The settings, completed from a `goldpro up` that runs in this folder. */
export async function settingsHere(): Promise<Settings> {
  return settingsOf(parseSettings(process.env), process.env)
}

/** Settings of an environment, completed from a `goldpro up` that runs in this folder. */
export function settingsOf(settings: Settings, env: Readonly<Record<string, string | undefined>>): Settings {
  if (settings.databaseUrl !== null) return settings
  const up = findRunningUp(LOCAL_FOLDER)
  if (up === null) return settings
  const gateway =
    settings.gateway ??
    (up.gatewayUrl === null ? null : parseSettings({ ...env, GATEWAY_URL: up.gatewayUrl }).gateway)
  const webhookAllowLoopback = settings.webhookAllowLoopback || up.webhookAllowLoopback
  const redisUrl = settings.redisUrl ?? up.redisUrl
  return { ...settings, databaseUrl: up.databaseUrl, redisUrl, gateway, webhookAllowLoopback }
}

/** The database to use, reachable and migrated. */
export async function readyDatabaseUrl(settings: Settings): Promise<string> {
  const url = requireDatabaseUrl(settings)
  const { isMigrated } = await requireServer(url)
  if (!isMigrated) throw new Failure(1, 'the database lacks tables of this version: run `goldpro migrate`')
  return url
}

/** Checks that this program can work with the server, before anything is done on it. */
export async function requireServer(url: string): Promise<{ isMigrated: boolean }> {
  return await orUnreachable('Postgres', 'DATABASE_URL', url, () => checkServer(url))
}

/** The URL of the database; it need not be reachable. */
export function requireDatabaseUrl({ databaseUrl }: Settings): string {
  if (databaseUrl !== null) return databaseUrl
  throw new Failure(
    2,
    'DATABASE_URL is not set and no `goldpro up` runs in this folder: set it, or start `goldpro up`',
  )
}

/** Opens the reachable and migrated database for one command. */
export async function withDatabase<T>(
  settings: Settings,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const databaseUrl = await readyDatabaseUrl(settings)
  const database = openDatabase({ databaseUrl, maxConnections: 2, onError: () => {} })
  try {
    return await use(database)
  } finally {
    await database.close()
  }
}

/** Opens one connection to the reachable and migrated database, for set-based work. */
export async function withSessionHere<T>(
  settings: Settings,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return await withSession(await readyDatabaseUrl(settings), use)
}

/** Fails with what to set or start when the queue cannot be reached. */
export async function requireQueue({ redisUrl }: Settings): Promise<void> {
  if (redisUrl === null) return
  // Loaded only here: most commands need no queue.
  const { pingRedis } = await import('../queue/probe.ts')
  await orUnreachable('Redis', 'REDIS_URL', redisUrl, () => pingRedis(redisUrl))
}

/** Fails with what to set or start when nothing listens at the gateway's address. Sends nothing. */
export async function requireGateway(baseUrl: string): Promise<void> {
  const { hostname, port, protocol } = new URL(baseUrl)
  const portNumber = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  await orUnreachable('the gateway', 'GATEWAY_URL', baseUrl, () =>
    connectOnce(hostname.replace(/^\[|\]$/g, ''), portNumber),
  )
}

function connectOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 5_000 })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
    socket.once('error', reject)
  })
}

/** Turns a connection error into one line: which service, its address, what to do. Never prints a password. */
export async function orUnreachable<T>(
  service: string,
  variable: string,
  url: string,
  reach: () => Promise<T>,
): Promise<T> {
  try {
    return await reach()
  } catch (error) {
    const known = knownFailure(variable, url, error)
    if (known !== null) throw known
    throw new Failure(
      1,
      `cannot reach ${service} at ${new URL(url).host} (${errorCode(error)}): start it, or set ${variable}`,
    )
  }
}

function knownFailure(variable: string, url: string, error: unknown): Failure | null {
  if (variable === 'DATABASE_URL') return postgresFailure(error)
  return variable === 'REDIS_URL' ? redisFailure(error, url) : null
}
