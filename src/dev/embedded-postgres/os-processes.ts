import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * The start time of a process, which tells it from a later one with the same pid. In a container a program gets the same
 * pid at every start.
 * @returns null when there is no such process, or only a zombie
 */
export function startOf(pid: number): string | null {
  if (!isThere(pid)) return null
  const stat = readProc(pid, 'stat')
  if (stat !== null) {
    // The name of the command may have spaces and parentheses; fields follow the last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? 'unknown')
  }
  return ps(pid, 'lstart=') ?? 'unknown'
}

/** The command line of a process, or null when it cannot be read. */
export function commandOf(pid: number): string | null {
  return readProc(pid, 'cmdline')?.replaceAll('\0', ' ') ?? ps(pid, 'command=')
}

/** Waits until a process has ended. @returns whether it ended within the time-out */
export async function isGoneWithin(pid: number, start: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (startOf(pid) === start) {
    if (performance.now() > deadline) return false
    await wait(20)
  }
  return true
}

/** Sends a signal. A process that has ended is not an error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in between.
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process of another user cannot be signalled, but exists.
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
