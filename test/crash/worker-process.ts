import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const DEATHS = ['before_intent', 'after_intent', 'after_send', 'after_reply', 'after_verdict'] as const
export type Death = (typeof DEATHS)[number]

/** How long a call of a test's worker to its sandbox may take. */
export const CALL_TIMEOUT_MS = 3_000

export interface WorkerPlace {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  readonly gatewayUrl: string
}

/**
 * Starts a real worker process; it kills itself at `dieAt`, when it comes there the nth time. Returns once it takes orders.
 */
export async function startWorkerProcess(
  place: WorkerPlace,
  dieAt: Death | null,
  nth = 1,
): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('dying-worker.mjs', import.meta.url))
  const child = fork(program, [JSON.stringify({ ...place, dieAt, nth, callTimeoutMs: CALL_TIMEOUT_MS })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const started = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => null)])
  if (started === null) throw new Error('the worker process did not start')
  return child
}

/** Kills a worker process and returns when it is gone. */
export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
