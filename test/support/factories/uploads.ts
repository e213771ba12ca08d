import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { CSV } from '../servers/web.ts'

/** An upload that goes on as the test says, byte by byte. */
export interface OpenUpload {
  write(text: string): void
  /** Whether the server still waits for more of it. */
  isOpen(): boolean
  /** Ends the connection in the middle. */
  cut(): void
  /** What came back when the server is done with it. */
  answer(): Promise<{ readonly status: number; readonly text: string }>
}

/** Begins an upload of so many bytes, and returns once its head has come. */
export async function openUpload(
  url: string,
  key: string,
  path: string,
  headers: Record<string, string> = {},
  /** Null: it comes in chunks. */
  length: number | null = 10_000,
): Promise<OpenUpload> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const lines = Object.entries({
    Host: hostname,
    Authorization: `Bearer ${key}`,
    ...CSV,
    ...(length === null ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': String(length) }),
    // Answered by Node when it begins with the request.
    Expect: '100-continue',
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  while (!text.includes('100 Continue') && !socket.closed) await pause(5)
  return {
    isOpen: () => !socket.destroyed,
    write: (more) => void socket.write(more),
    cut: () => void socket.destroy(),
    async answer() {
      await closed
      const final = text.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '')
      return { status: Number(final.split(' ')[1]), text: final.slice(final.indexOf('\r\n\r\n') + 4) }
    },
  }
}
