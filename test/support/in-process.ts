import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable, Writable } from 'node:stream'
import { format } from 'node:util'
import { runProgram } from '../../src/processes/program.ts'

/** What the world of one command is, instead of this process's. */
interface Surroundings {
  readonly env: Record<string, string | undefined>
  readonly stdin: Readable
  readonly stdout: Captured
  readonly stderr: Captured
}

class Captured extends Writable {
  readonly #chunks: Buffer[] = []

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk)
    done()
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}

const surroundings = new AsyncLocalStorage<Surroundings>()

export interface Given {
  readonly env: Record<string, string>
  readonly cwd: string
  readonly input: string
}

/**
 * Runs `goldpro …` within this process: a process of its own takes half a second to load. Commands may run side by side,
 * for each sees its own environment, arguments and streams. What a log writes is not captured: it writes to descriptor 2.
 */
export async function runInProcess(args: readonly string[], { env, cwd, input }: Given) {
  surroundProcess()
  surroundConsole()
  const here = {
    env: { ...env },
    stdin: Readable.from([Buffer.from(input)]),
    stdout: new Captured(),
    stderr: new Captured(),
  }
  const leave = await enterFolder(cwd)
  try {
    const code = await surroundings.run(here, () => runProgram(args))
    return { code, out: here.stdout.text(), err: here.stderr.text() }
  } finally {
    leave()
  }
}

let isProcessSurrounded = false

/** Makes the process ask, at each use, whether a command asks. */
function surroundProcess(): void {
  if (isProcessSurrounded) return
  isProcessSurrounded = true
  for (const name of ['env', 'stdin', 'stdout', 'stderr'] as const) {
    const original = Object.getOwnPropertyDescriptor(process, name)
    const read = () => (original?.get === undefined ? original?.value : original.get.call(process))
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => surroundings.getStore()?.[name] ?? read(),
    })
  }
}

const surroundedConsoles = new WeakSet<Console>()

function surroundConsole(): void {
  const target = console
  if (surroundedConsoles.has(target)) return
  surroundedConsoles.add(target)
  for (const [name, stream] of [
    ['log', 'stdout'],
    ['error', 'stderr'],
  ] as const) {
    const original = target[name]
    target[name] = (...values: unknown[]) => {
      const here = surroundings.getStore()
      if (here === undefined) original.apply(target, values)
      else here[stream].write(`${format(...values)}\n`)
    }
  }
}

const folders = { original: process.cwd(), current: process.cwd(), users: 0, waiting: [] as (() => void)[] }

/** A process has one working directory: whoever needs another than those who run now waits for them. */
async function enterFolder(folder: string): Promise<() => void> {
  while (folders.users > 0 && folders.current !== folder)
    await new Promise<void>((resolve) => folders.waiting.push(resolve))
  if (folders.current !== folder) process.chdir(folder)
  folders.current = folder
  folders.users += 1
  return () => {
    folders.users -= 1
    if (folders.users > 0) return
    process.chdir(folders.original)
    folders.current = folders.original
    for (const go of folders.waiting.splice(0)) go()
  }
}
