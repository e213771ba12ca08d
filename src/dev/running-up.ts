import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { startOf } from './embedded-postgres/os-processes.ts'

/** What a running `goldpro up` announces to other commands. */
export interface RunningUp {
  readonly databaseUrl: string
  /** Null: the queue lives in the database too. */
  readonly redisUrl: string | null
  readonly gatewayUrl: string | null
  /** Whether its webhooks may be sent to this machine. */
  readonly webhookAllowLoopback: boolean
  readonly pid: number
}

const announcement = z.object({
  databaseUrl: z.string(),
  redisUrl: z.string().nullable(),
  gatewayUrl: z.string().nullable(),
  webhookAllowLoopback: z.boolean(),
  pid: z.number().int().positive(),
  processStart: z.string(),
})

const fileIn = (folder: string) => join(folder, 'up.json')

/** PostgreSQL of root runs as another user, who must pass through to its data. */
const folderMode = () => (process.getuid?.() === 0 ? 0o711 : 0o700)

/** Writes the announcement. The file has a password, so only its owner may read it. */
export function announceUp(folder: string, up: RunningUp): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, folderMode())
  const aside = `${fileIn(folder)}.${process.pid}`
  rmSync(aside, { force: true })
  writeFileSync(aside, JSON.stringify({ ...up, processStart: startOf(up.pid) ?? 'gone' }), { mode: 0o600 })
  renameSync(aside, fileIn(folder))
}

/** The `goldpro up` that runs in this folder; null when none does, also after one was killed. */
export function findRunningUp(folder: string): RunningUp | null {
  const { success, data } = announcement.safeParse(read(folder))
  if (!success || startOf(data.pid) !== data.processStart) return null
  const { processStart: _, ...up } = data
  return up
}

/** Removes the announcement. */
export function withdrawUp(folder: string): void {
  rmSync(fileIn(folder), { force: true })
}

function read(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(fileIn(folder), 'utf8'))
  } catch {
    return null
  }
}
