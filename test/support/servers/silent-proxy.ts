import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A way to a server that can go silent: what is connected stays connected, and nothing comes through any more. It can
 * also reset what is connected.
 */
export interface SilentProxy {
  /** The server's URL by way of the proxy. */
  readonly url: string
  /** Silences the connections whose first message has this text. */
  silence(beginning: string): void
  /** Resets the connections that are chosen, on both sides. @returns how many there were */
  reset(isChosen: () => boolean): number
  stop(): Promise<void>
}

/** @param port 0: a free one */
export async function startSilentProxy(serverUrl: string, port = 0): Promise<SilentProxy> {
  const target = new URL(serverUrl)
  const pairs = new Set<{ client: Socket; server: Socket; beginning: string; isSilent: boolean }>()
  // An end that is not answered leaves the client waiting, as a vanished server would.
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect(Number(target.port), target.hostname)
    const pair = { client, server, beginning: '', isSilent: false }
    pairs.add(pair)
    client.on('data', (chunk) => {
      pair.beginning ||= chunk.toString('latin1')
      if (!pair.isSilent) server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (!pair.isSilent) client.write(chunk)
    })
    // The server must not keep the session of a process that was killed.
    client.on('end', () => {
      if (!pair.isSilent) server.end()
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
  })
  proxy.listen({ port, host: '127.0.0.1' })
  await once(proxy, 'listening')
  const url = new URL(serverUrl)
  url.hostname = '127.0.0.1'
  url.port = String((proxy.address() as AddressInfo).port)
  return {
    url: url.href,
    silence(beginning) {
      for (const pair of pairs) pair.isSilent ||= pair.beginning.includes(beginning)
    },
    reset(isChosen) {
      const chosen = [...pairs].filter(isChosen)
      for (const { client, server } of chosen) {
        client.resetAndDestroy()
        server.resetAndDestroy()
      }
      return chosen.length
    },
    async stop() {
      for (const { client, server } of pairs) {
        client.destroy()
        server.destroy()
      }
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
