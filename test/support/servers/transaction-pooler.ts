import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A double of a transaction pooler: each client logs in by a server connection of its own, and all of these then serve
 * whoever begins the next transaction. Clients wait while none is free.
 */
export async function startTransactionPooler(databaseUrl: string, { size = 8 } = {}) {
  const { hostname, port } = new URL(databaseUrl)
  const idle: Backend[] = []
  const all: Backend[] = []
  const waiting: ((backend: Backend) => void)[] = []
  const release = (backend: Backend) => {
    const next = waiting.shift()
    if (next === undefined) idle.push(backend)
    else next(backend)
  }
  const take = async () => idle.pop() ?? (await new Promise<Backend>((resolve) => waiting.push(resolve)))
  const server = createServer((client) => {
    client.on('error', () => {})
    const own = openBackend(Number(port), hostname)
    all.push(own)
    let held: Backend | null = own
    const answer = (bytes: Buffer, isIdle: boolean) => {
      client.write(bytes)
      if (!isIdle || held === null) return
      const done = held
      done.answer = null
      held = null
      // More server connections than the pool may have are not kept.
      if (idle.length + 1 <= size) release(done)
    }
    own.answer = answer
    let sending = Promise.resolve()
    client.on('data', (bytes) => {
      sending = sending.then(async () => {
        // Terminate ends the client, not the server connection.
        if (bytes[0] === 0x58) return
        held ??= await take()
        held.answer = answer
        held.socket.write(bytes)
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    stop() {
      for (const { socket } of all) socket.destroy()
      server.close()
    },
  }
}

interface Backend {
  readonly socket: Socket
  answer: ((bytes: Buffer, isIdle: boolean) => void) | null
}

/** Reads whole messages, for ReadyForQuery says whether a transaction is open. */
function openBackend(port: number, host: string): Backend {
  const socket = connect({ port, host })
  socket.on('error', () => {})
  const backend: Backend = { socket, answer: null }
  let rest = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    let end = 0
    let isIdle = false
    while (rest.length >= end + 5 && rest.length >= end + 1 + rest.readInt32BE(end + 1)) {
      const next = end + 1 + rest.readInt32BE(end + 1)
      isIdle = rest[end] === 0x5a && rest[end + 5] === 0x49
      end = next
    }
    const whole = Buffer.from(rest.subarray(0, end))
    rest = Buffer.from(rest.subarray(end))
    if (whole.length > 0) backend.answer?.(whole, isIdle)
  })
  return backend
}
