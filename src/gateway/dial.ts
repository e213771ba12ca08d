import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'

/** Called once: with the open socket, or with why it did not open. */
export type WhenOpen = buildConnector.Callback

/** Begins to open a connection. Destroying the returned socket ends the attempt. */
export type Dial = (whenOpen: WhenOpen) => Socket

/** Creates a dialer of one origin: TCP, and TLS with the sessions of earlier connections. It uses no proxy. */
export function createDialer({ protocol, hostname, port }: URL): Dial {
  // A URL writes IPv6 addresses in brackets.
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (protocol === 'https:') return tlsDialer(host, Number(port) || 443)
  return (whenOpen) => watched(connectTcp({ host, port: Number(port) || 80 }), 'connect', whenOpen)
}

function tlsDialer(host: string, port: number): Dial {
  const options = {
    host,
    port,
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    // Creating a context costs more than a resumed handshake.
    secureContext: createSecureContext(),
  }
  let session: Buffer | undefined
  return (whenOpen) => {
    const socket = connectTls(session === undefined ? options : { ...options, session })
    keepSession(socket, (newer) => {
      session = newer
    })
    return watched(socket, 'secureConnect', (...[error, open]: Parameters<WhenOpen>) => {
      if (error !== null) session = undefined
      error === null ? whenOpen(null, open) : whenOpen(error, null)
    })
  }
}

/**
 * Reports the sessions of a connection whose server was authenticated. Node does not compare the certificate's names on a
 * resumed connection, so a session of an unauthenticated server must never be kept.
 */
function keepSession(socket: TLSSocket, keep: (session: Buffer) => void): void {
  let isTrusted = false
  socket.on('session', (session: Buffer) => {
    if (isTrusted) keep(session)
  })
  socket.once('secureConnect', () => {
    isTrusted = socket.authorized
    // TLS 1.2 sends its session within the handshake, TLS 1.3 after it.
    const session = socket.getProtocol() === 'TLSv1.2' ? socket.getSession() : undefined
    if (isTrusted && session !== undefined) keep(session)
  })
}

function watched<S extends Socket>(socket: S, opens: 'connect' | 'secureConnect', whenOpen: WhenOpen): S {
  let isSettled = false
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  socket.once(opens, () => {
    isSettled = true
    whenOpen(null, socket)
  })
  // It stays: an error of a socket that nobody uses must not end the process.
  socket.on('error', (error) => {
    if (isSettled) return
    isSettled = true
    whenOpen(error, null)
  })
  return socket
}
