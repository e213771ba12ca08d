import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'

export const tlsFile = (name: string) => fileURLToPath(new URL(`../../gateway/tls/${name}`, import.meta.url))

/** A certificate for 127.0.0.1 and no other name. */
const CERTIFICATE = { key: readFileSync(tlsFile('key.pem')), cert: readFileSync(tlsFile('certificate.pem')) }

/** The body of every request to a raw server, so that it knows a whole request without parsing it. */
export const RAW_BODY = '{"request":"body"}'

export interface RawServer {
  readonly port: number
  /** Connections taken so far, those of them that are open, and whole requests read on them. */
  readonly seen: { connections: number; open: number; requests: number }
  readonly sockets: ReadonlySet<Socket>
  stop(): void
}

export type Create = (onSocket: (socket: Socket) => void) => Server

export const overTls =
  (options: TlsOptions = {}): Create =>
  (onSocket) =>
    createTlsServer({ ...CERTIFICATE, ...options }, onSocket as (socket: TLSSocket) => void)

/** A server that does with each whole request whatever the test wants, byte by byte. */
export async function serveRaw(
  answer: (socket: Socket, request: number) => void,
  create: Create = createServer,
  onConnection: (socket: Socket) => void = () => {},
): Promise<RawServer> {
  const seen = { connections: 0, open: 0, requests: 0 }
  const sockets = new Set<Socket>()
  const server = create((socket) => {
    seen.connections += 1
    seen.open += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      seen.open -= 1
      sockets.delete(socket)
    })
    onConnection(socket)
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
      if (!received.endsWith(RAW_BODY)) return
      received = ''
      seen.requests += 1
      answer(socket, seen.requests)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    sockets,
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A whole reply. */
export const rawReply = (body = '{}', headers = '') =>
  `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
