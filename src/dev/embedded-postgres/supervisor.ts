import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'

interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** What a supervisor runs, and how it stops it. */
export interface SupervisorOrder {
  /** Run one after the other; the last one is the server. */
  readonly commands: readonly Command[]
  /** The user to run them as; null: the user of this process. */
  readonly osUser: { readonly uid: number; readonly gid: number } | null
  /** Sent one after the other until the server has ended. */
  readonly stopSignals: readonly { readonly signal: NodeJS.Signals; readonly afterMs: number }[]
  /** Deleted at the end, with everything in them. */
  readonly foldersToDelete: readonly string[]
}

/** A server that ends when this process ends, also when it is killed. */
export interface Supervised {
  readonly pid: number
  /** Whether the server ended by itself, or could not be started. */
  hasFailed(): boolean
  /** Allows this process to exit while the server runs. */
  unref(): void
  /** Stops the server and returns when it has ended. */
  stop(): Promise<void>
}

/**
 * Starts a server under a supervisor: a process in its own process group that reads a pipe from this process. Ctrl-C in
 * the terminal reaches only this process. When the pipe ends, even by SIGKILL, the supervisor stops the server.
 */
export function startSupervised(
  order: SupervisorOrder,
  { logFile, env = {} }: { readonly logFile: string; readonly env?: NodeJS.ProcessEnv },
): Supervised {
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(process.execPath, ['-e', `(${supervise})()`, JSON.stringify(order)], {
    cwd: '/',
    detached: true,
    env: { ...plainEnvironment(), ...env },
    // It does not inherit our output: while it cleans up, a reader of that output would wait.
    stdio: ['pipe', 'pipe', log],
  })
  closeSync(log)
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('a supervisor needs its pipes')
  let hasFailed = false
  const fail = () => {
    hasFailed = true
  }
  // Writing to a supervisor that has ended is not an error.
  stdin.on('error', () => {})
  stdout.on('data', fail)
  child.on('error', fail)
  child.on('exit', fail)
  return {
    pid: child.pid ?? 0,
    hasFailed: () => hasFailed,
    unref() {
      for (const handle of [child, stdin, stdout]) {
        if ('unref' in handle && typeof handle.unref === 'function') handle.unref()
      }
    },
    async stop() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      child.ref()
      stdin.end()
      await once(child, 'exit')
    },
  }
}

/** Only what programs need: the environment has secrets, and variables that PostgreSQL or Node would read. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, SystemRoot } = process.env
  return { PATH, TMPDIR, SystemRoot, LC_ALL: 'C' }
}

/** The supervisor's program. It is passed to `node -e` as text, so it uses nothing from outside this function. */
function supervise(): void {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const { rmSync } = process.getBuiltinModule('node:fs')
  const order: SupervisorOrder = JSON.parse(process.argv[1] ?? '')
  let child: ChildProcess | null = null
  let isEnding = false

  const leave = () => {
    for (const folder of order.foldersToDelete) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    }
    process.exit()
  }
  // The supervisor runs until the pipe ends: it deletes the folder, so it must outlive the folder's owner.
  const report = () => {
    child = null
    if (isEnding) leave()
    process.stdout.write('failed\n')
  }
  const runFrom = (index: number) => {
    const command = order.commands[index]
    if (command === undefined) return report()
    const identity = order.osUser ?? {}
    child = spawn(command.file, command.args, { cwd: '/', stdio: ['ignore', 2, 2], ...identity })
    child.on('error', (error) => {
      process.stderr.write(`FATAL: ${error.message}\n`)
      report()
    })
    child.on('exit', (code) => (code === 0 && !isEnding ? runFrom(index + 1) : report()))
  }
  const end = () => {
    if (isEnding) return
    isEnding = true
    if (child === null) leave()
    for (const { signal, afterMs } of order.stopSignals) setTimeout(() => child?.kill(signal), afterMs)
  }

  process.stdout.on('error', () => {})
  process.stdin.on('end', end).on('error', end).resume()
  // Only the end of the pipe ends it: a service manager signals the whole group, and the program may still need the server.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  runFrom(0)
}
