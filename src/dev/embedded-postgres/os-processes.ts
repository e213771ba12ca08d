import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * What tells a live process from a later one with the same number: when it started.
 * In a container the program gets the same number at every start, so a number alone proves nothing.
 * @returns null when there is no such process, or only its unreaped remains
 */
export function startOf(pid: number): string | null {
  if (!isThere(pid)) return null
  const stat = readProc(pid, 'stat')
  if (stat !== null) {
    // The command's name may hold spaces and brackets; what follows the last bracket is regular.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? 'unknown')
  }
  return ps(pid, 'lstart=') ?? 'unknown'
}

/** The process's command line, or null when it cannot be had. */
export function commandOf(pid: number): string | null {
  return readProc(pid, 'cmdline')?.replaceAll('\0', ' ') ?? ps(pid, 'command=')
}

/** Waits for a process to be gone. @returns whether it is, within the time given */
export async function isGoneWithin(pid: number, start: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (startOf(pid) === start) {
    if (performance.now() > deadline) return false
    await wait(20)
  }
  return true
}

/** Sends a signal; a process that is gone already is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone between the look and the signal.
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}

function ps(pid: number, column: string): string | null {
  const { status, stdout } = spawnSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() || null : null
}
