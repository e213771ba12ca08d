import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'

interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** What a guard is to run and how it is to end it. */
export interface SupervisorOrder {
  /** Run one after the other; the last one is the server. */
  readonly commands: readonly Command[]
  /** Whom to run them as; null: as ourselves. */
  readonly account: { readonly uid: number; readonly gid: number } | null
  /** Sent one after the other until the server is gone. */
  readonly stopSignals: readonly { readonly signal: NodeJS.Signals; readonly afterMs: number }[]
  /** Deleted in the end, with everything in them. */
  readonly foldersToDelete: readonly string[]
}

/** A server that ends when this process does, however that happens. */
export interface Supervised {
  readonly pid: number
  /** Whether the server has ended (or could not be started) without being asked to. */
  hasFailed(): boolean
  /** Lets the program's end no longer wait for the server. */
  unref(): void
  /** Ends the server and returns when it is gone. */
  stop(): Promise<void>
}

/**
 * Starts a server under a guard: a process of its own, in its own process group, holding a pipe from us.
 * Ctrl-C in the terminal reaches only us; when the pipe ends, even by SIGKILL, the guard ends the server.
 */
export function startSupervised(
  order: SupervisorOrder,
  { logFile, env = {} }: { readonly logFile: string; readonly env?: NodeJS.ProcessEnv },
): Supervised {
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(process.execPath, ['-e', `(${guard})()`, JSON.stringify(order)], {
    cwd: '/',
    detached: true,
    env: { ...plainEnvironment(), ...env },
    // Our own output is not passed on: a guard that is still cleaning up would keep a reader of it waiting.
    stdio: ['pipe', 'pipe', log],
  })
  closeSync(log)
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('a guard needs its pipes')
  let hasFailed = false
  const fail = () => {
    hasFailed = true
  }
  // Writing to a guard that is gone is no error.
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

/** Our own settings hold secrets, and variables of PostgreSQL or Node that are meant for somebody else. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, SystemRoot } = process.env
  return { PATH, TMPDIR, SystemRoot, LC_ALL: 'C' }
}

/** The guard's whole program. It is handed to `node -e` as text, so it may use nothing from outside itself. */
function guard(): void {
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
  // The guard stays until the pipe ends: who deletes the folder must outlive whoever owns it.
  const report = () => {
    child = null
    if (isEnding) leave()
    process.stdout.write('failed\n')
  }
  const runFrom = (index: number) => {
    const command = order.commands[index]
    if (command === undefined) return report()
    const identity = order.account ?? {}
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
  // Only the pipe ends a guard: a service manager signals a whole group, and the program may still need the server.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  runFrom(0)
}
