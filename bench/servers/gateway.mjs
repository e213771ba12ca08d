import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { firstMessage } from '../process.mjs'

/** A gateway that answers every request at once, in a process of its own. */
export async function startGateway() {
  const child = fork(fileURLToPath(new URL('instant-gateway.mjs', import.meta.url)))
  const { url } = await firstMessage(child)
  return { gatewayUrl: url, stop: () => child.disconnect() }
}
