import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runInProcess } from '../in-process.ts'

export const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunningCommand {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves once this text has been printed on either stream; fails when the command ends without it. */
  printed(text: string): Promise<void>
  /** What standard output has so far. */
  out(): string
}

interface Options {
  readonly env?: Record<string, string>
  readonly cwd?: string
  /** Null: standard input stays open. */
  readonly input?: string | null
  /** Another installation's program than this one's. */
  readonly main?: string
  /** The user of the operating system it runs as; root may choose. */
  readonly uid?: number
}

const running = new Map<ChildProcess, Promise<Ended>>()

/** Ends what a test that failed has left running. */
export async function endLeftCommands(): Promise<void> {
  for (const child of running.keys()) child.kill('SIGKILL')
  await Promise.all(running.values())
}

/** Starts `goldpro …` as a person would, with none of this process's own settings. */
export function startCommand(
  args: readonly string[],
  { env = {}, cwd, input, main = MAIN, uid }: Options = {},
): RunningCommand {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  child.stdin.on('error', () => {})
  if (input !== null) child.stdin.end(input ?? '')
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    return { code: code as number | null, out, err }
  })
  running.set(child, ended)
  return {
    child,
    ended,
    out: () => out,
    async printed(text) {
      const isPrinted = () => out.includes(text) || err.includes(text)
      while (!isPrinted()) {
        const next = [once(child.stdout, 'data'), once(child.stderr, 'data'), ended]
        const last = await Promise.race(next)
        if (!Array.isArray(last) && !isPrinted()) throw new Error(`ended without "${text}": ${out}${err}`)
      }
    },
  }
}

/** Runs `goldpro …` to its end, within this process. */
export async function runCommand(
  args: readonly string[],
  { env = {}, cwd = process.cwd(), input }: Options = {},
): Promise<Ended> {
  return await runInProcess(args, { env, cwd, input: input ?? '' })
}

/** Runs `goldpro …` to its end, in a process of its own: for what only a process has, such as its log. */
export async function runAlone(args: readonly string[], options: Options = {}): Promise<Ended> {
  return await startCommand(args, options).ended
}
