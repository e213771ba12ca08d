// Talking with the processes that a benchmark starts.
import { once } from 'node:events'
import { basename } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * The next message of a process, or the next of some kind.
 * @throws when the process ends first
 */
export function firstMessage(child, isWanted = () => true) {
  return new Promise((resolve, reject) => {
    const settle = (then) => (value) => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      then(value)
    }
    const onMessage = (message) => {
      if (isWanted(message)) settle(resolve)(message)
    }
    const onExit = settle((code) => reject(new Error(`${basename(child.spawnargs[1])} ended with ${code}`)))
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}

/** Lets a process end by itself, and ends it after ten seconds. */
export async function endProcess(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (child.connected) child.disconnect()
  await Promise.race([exited, wait(10_000, undefined, { ref: false })])
  if (child.exitCode === null) child.kill('SIGKILL')
  await exited
}
