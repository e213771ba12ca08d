import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { inject } from 'vitest'
import { logIn } from '../../../src/dev/embedded-postgres/data-folder.ts'
import { findFreePort } from '../../../src/dev/embedded-postgres/server.ts'
import { type Supervised, startSupervised } from '../../../src/dev/embedded-postgres/supervisor.ts'
import { memoryOrDisk } from '../memory.ts'
import type { RedisProgram } from './redis-program.ts'

/** Whether tests can start Redis servers here, known when tests are collected. */
export function testRedis(): RedisProgram {
  return inject('redisProgram')
}

/** A Redis server of a test's own, to flush and kill as it likes. */
export interface OwnRedis {
  readonly url: string
  /** Kills it, and returns when it is gone. */
  stop(): Promise<void>
}

const START_DEADLINE_MS = 20_000
const ATTEMPTS = 3

/**
 * Starts a Redis server on a free port, or on that of one that was stopped. It ends with the test process, however that ends.
 * @param keptIn a folder where it keeps what it has, also when it is killed. Default: nothing is kept
 */
export async function startOwnRedis(atPort?: number, keptIn?: string): Promise<OwnRedis> {
  const program = testRedis()
  if ('skip' in program) throw new Error(program.skip)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = atPort ?? (await findFreePort())
    const folder = keptIn ?? mkdtempSync(join(memoryOrDisk(), 'goldpro-redis-'))
    const server = launch(program, { port, folder, isKept: keptIn !== undefined })
    if (await isReady(server, folder)) return { url: `redis://127.0.0.1:${port}`, stop: server.stop }
    // Somebody else took the port in between.
    await server.stop()
  }
  throw new Error(`${program.path} does not start`)
}

interface RedisStart {
  readonly port: number
  readonly folder: string
  readonly isKept: boolean
  /** Settings beside the usual ones. */
  readonly further?: Readonly<Record<string, string | number>>
}

function launch(
  program: Exclude<RedisProgram, { skip: string }>,
  { port, folder, isKept, further = {} }: RedisStart,
): Supervised {
  const usual = { port, bind: '127.0.0.1', save: '', appendonly: isKept ? 'yes' : 'no', dir: folder }
  const settings = { ...usual, ...further }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  return startSupervised(
    {
      commands: [{ file: program.path, args }],
      osUser: null,
      stopSignals: [{ signal: 'SIGKILL', afterMs: 0 }],
      foldersToDelete: isKept ? [] : [folder],
    },
    {
      logFile: logIn(folder),
      env: program.libraryPath === null ? {} : { LD_LIBRARY_PATH: program.libraryPath },
    },
  )
}

/** Its own log says so: whoever answers on the port may be another test's server. */
async function isReady(server: Supervised, folder: string): Promise<boolean> {
  const deadline = performance.now() + START_DEADLINE_MS
  while (!server.hasFailed() && performance.now() < deadline) {
    if (readFileSync(logIn(folder), 'utf8').includes('Ready to accept connections')) return true
    await wait(10)
  }
  return false
}

/** A server that speaks TLS alone, and asks for the password. */
export async function startTlsRedis(
  { certificate, key }: { readonly certificate: string; readonly key: string },
  password: string,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const program = testRedis()
  if ('skip' in program) throw new Error(program.skip)
  const folder = mkdtempSync(join(memoryOrDisk(), 'goldpro-redis-'))
  writeFileSync(join(folder, 'certificate.pem'), certificate)
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 })
  const tls = {
    'tls-cert-file': join(folder, 'certificate.pem'),
    'tls-key-file': join(folder, 'key.pem'),
    'tls-auth-clients': 'no',
    requirepass: password,
  }
  const port = await findFreePort()
  const server = launch(program, { port: 0, folder, isKept: false, further: { 'tls-port': port, ...tls } })
  if (await isReady(server, folder)) return { port, stop: server.stop }
  await server.stop()
  throw new Error(`${program.path} does not start with TLS`)
}
