import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Binaries } from './binaries.ts'
import { completeMarkIn, type DataFolder, dataIn, logIn, passwordIn } from './data-folder.ts'
import { ServerDidNotStart } from './local-postgres-error.ts'
import { type Supervised, type SupervisorOrder, startSupervised } from './supervisor.ts'

const NAME = 'goldpro'
const START_DEADLINE_MS = 60_000

/** Everything that a start needs. The port was free a moment ago. */
export interface ServerStart {
  readonly binaries: Binaries
  readonly dataFolder: DataFolder
  readonly password: string
  readonly port: number
  readonly keepData: boolean
}

/** The URL of a database of the server. */
export function addressOf({ password, port }: ServerStart, database = NAME): string {
  return `postgres://${NAME}:${password}@127.0.0.1:${port}/${database}`
}

/** Starts the server under its supervisor; creates the cluster first unless there is a complete one. */
export function launch(start: ServerStart): Supervised {
  const { dataFolder, keepData } = start
  const serve = { file: start.binaries.postgres, args: serverArguments(start) }
  const order: SupervisorOrder = {
    commands: existsSync(completeMarkIn(dataFolder.folder)) ? [serve] : [createCluster(start), serve],
    osUser: dataFolder.osUser,
    // Fast shutdown, then immediate.
    stopSignals: [
      { signal: 'SIGINT', afterMs: 0 },
      { signal: 'SIGQUIT', afterMs: 15_000 },
      { signal: 'SIGKILL', afterMs: 20_000 },
    ],
    foldersToDelete: keepData ? [] : [...new Set([dataFolder.folder, dataFolder.home])],
  }
  return startSupervised(order, { logFile: logIn(dataFolder.folder) })
}

function createCluster({ binaries, dataFolder, keepData }: ServerStart) {
  return {
    file: binaries.initdb,
    args: [
      ...['-D', dataIn(dataFolder.folder), `--username=${NAME}`, `--pwfile=${passwordIn(dataFolder.folder)}`],
      ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'],
      ...(keepData ? [] : ['--no-sync']),
    ],
  }
}

function serverArguments({ dataFolder, port, keepData }: ServerStart): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    // Messages of failed statements may show their values.
    log_min_messages: 'log',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    ...(keepData ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return [
    '-D',
    dataIn(dataFolder.folder),
    ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
  ]
}

/**
 * Waits until the server answers, and creates the database if it is missing.
 * @throws ServerDidNotStart with the server's last message when it has ended
 */
export async function untilServing(start: ServerStart, server: Supervised): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS
  while (!server.hasFailed() && performance.now() < deadline) {
    const client = new pg.Client({
      connectionString: addressOf(start, 'postgres'),
      connectionTimeoutMillis: 5_000,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      await createDatabase(client)
      return
    } catch {
      await wait(25)
    } finally {
      await client.end().catch(() => {})
    }
  }
  throw new ServerDidNotStart(lastMessage(start.dataFolder.folder))
}

async function createDatabase(client: pg.Client): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [NAME])
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${NAME}`)
}

function lastMessage(folder: string): string {
  const log = existsSync(logIn(folder)) ? readFileSync(logIn(folder), 'utf8') : ''
  const complaint = log.match(/(?:FATAL|PANIC|error|could not)[^\n]*/)?.[0]
  return complaint ?? log.trim().split('\n').at(-1) ?? 'no reason was given'
}

/** A port that nobody listens on at the moment. */
export async function findFreePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
