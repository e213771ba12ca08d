import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { startOf } from '../../../src/dev/embedded-postgres/os-processes.ts'
import type { OsUser } from '../../../src/dev/embedded-postgres/os-user.ts'
import type { LocalPostgresOptions, Surroundings } from '../../../src/dev/embedded-postgres/postgres.ts'
import { memoryOrDisk } from '../../support/memory.ts'

export const SERVE = fileURLToPath(new URL('./programs/serve.mjs', import.meta.url))

/** A program of its own that runs a local PostgreSQL, and what it said about the start. */
export interface Program {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly pid: number
  readonly databaseUrl: string
  readonly refusal: { readonly name: string; readonly message: string } | null
}

/** Starts the program and waits for its word. It is killed when the test is over. */
export async function startProgram(
  options: LocalPostgresOptions,
  { surroundings, osUser = null }: { surroundings?: Surroundings; osUser?: OsUser } = {},
): Promise<Program> {
  if (!existsSync('dist/dev/embedded-postgres/postgres.js'))
    throw new Error('these tests run the built program: npm run build')
  const child = spawn(process.execPath, [SERVE, JSON.stringify({ options, surroundings })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    ...(osUser ?? {}),
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const lines = createInterface({ input: child.stdout })
  const [line]: unknown[] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => ['{}'])])
  const word: { databaseUrl?: string; name?: string; message?: string } = JSON.parse(String(line))
  const { databaseUrl = '', name = 'nothing', message = 'was said' } = word
  return { child, pid: child.pid ?? 0, databaseUrl, refusal: databaseUrl === '' ? { name, message } : null }
}

/** Kills the program as nothing can be caught, and returns when it is gone. */
export async function killProgram({ child }: Program): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** A folder that is deleted when the test is over. */
export function newFolder(mode = 0o700): string {
  const folder = realpathSync(mkdtempSync(join(memoryOrDisk(), 'goldpro-local-')))
  chmodSync(folder, mode)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

/** Asks one question of the database. */
export async function ask(databaseUrl: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

/** The server that runs on the data in the folder. */
export function serverOn(folder: string): { pid: number; start: string | null } {
  const pid = Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  return { pid, start: startOf(pid) }
}

/** The supervisor of the program that has the folder. */
export function supervisorOf(folder: string): number {
  const owner: { supervisor: { pid: number } } = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))
  return owner.supervisor.pid
}
