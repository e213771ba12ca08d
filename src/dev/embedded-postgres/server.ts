import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Binaries } from './binaries.ts'
import { dataIn, logIn, type Place, passwordIn, wholeMarkIn } from './data-folder.ts'
import { ServerDidNotStart } from './local-postgres-error.ts'
import { type Supervised, type SupervisorOrder, startSupervised } from './supervisor.ts'

const NAME = 'goldpro'
const START_DEADLINE_MS = 60_000

/** What a start is made of; the port is free when it is asked for, which need not last. */
export interface ServerStart {
  readonly binaries: Binaries
  readonly place: Place
  readonly password: string
  readonly port: number
  readonly keepData: boolean
}

/** The address of a database of the server. */
export function addressOf({ password, port }: ServerStart, database = NAME): string {
  return `postgres://${NAME}:${password}@127.0.0.1:${port}/${database}`
}

/** The server under its guard, on a fresh cluster unless there is a whole one. */
export function launch(start: ServerStart): Supervised {
  const { place, keepData } = start
  const serve = { file: start.binaries.postgres, args: serverArguments(start) }
  const order: SupervisorOrder = {
    commands: existsSync(wholeMarkIn(place.folder)) ? [serve] : [createCluster(start), serve],
    account: place.account,
    // Fast shutdown, then immediate.
    stopSignals: [
      { signal: 'SIGINT', afterMs: 0 },
      { signal: 'SIGQUIT', afterMs: 15_000 },
      { signal: 'SIGKILL', afterMs: 20_000 },
    ],
    foldersToDelete: keepData ? [] : [...new Set([place.folder, place.home])],
  }
  return startSupervised(order, { logFile: logIn(place.folder) })
}

function createCluster({ binaries, place, keepData }: ServerStart) {
  return {
    file: binaries.initdb,
    args: [
      ...['-D', dataIn(place.folder), `--username=${NAME}`, `--pwfile=${passwordIn(place.folder)}`],
      ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'],
      ...(keepData ? [] : ['--no-sync']),
    ],
  }
}

function serverArguments({ place, port, keepData }: ServerStart): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    // Messages of failed statements may show what was in them.
    log_min_messages: 'log',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    ...(keepData ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return ['-D', dataIn(place.folder), ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])]
}

/**
 * Waits until the server answers, and makes sure of the database.
 * @throws ServerDidNotStart with the server's own words when it has ended instead
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
  throw new ServerDidNotStart(lastWords(start.place.folder))
}

async function createDatabase(client: pg.Client): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [NAME])
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${NAME}`)
}

function lastWords(folder: string): string {
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
