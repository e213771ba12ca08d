import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { noLocalPostgres } from './local-postgres-error.ts'
import { commandOf, isGoneWithin, sendSignal, startOf } from './os-processes.ts'

const STOP_SIGNALS = [
  { signal: 'SIGINT', waitMs: 15_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const

/** Stops a server that a killed program and its supervisor left running on the data, and removes its pid file. */
export async function endOrphanServer(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  const pid = readPid(pidFile)
  if (pid === null) return
  const start = startOf(pid)
  // The number may belong to another process by now.
  if (start !== null && commandOf(pid)?.includes(data)) await end(pid, start, data)
  rmSync(pidFile, { force: true })
}

async function end(pid: number, start: string, data: string): Promise<void> {
  for (const { signal, waitMs } of STOP_SIGNALS) {
    sendSignal(pid, signal)
    if (await isGoneWithin(pid, start, waitMs)) return
  }
  throw noLocalPostgres(`The PostgreSQL process ${pid} left running on ${data} cannot be stopped: stop it`)
}

function readPid(pidFile: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch {
    return null
  }
}
