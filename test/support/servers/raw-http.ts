import { connect } from 'node:net'
import type { Reply } from './web.ts'

/** Writes bytes that no HTTP client would, and gives all that comes back until the connection is closed. */
export function rawHttp(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

/** The statuses of the answers in what came back, one for each. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
}

/** The one answer in what came back, a JSON document. */
export function replyIn(text: string): Reply {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  const headers = new Headers({ 'content-type': /content-type: (.*)\r\n/i.exec(text)?.[1] ?? '' })
  return { status: Number(text.split(' ')[1]), headers, text: body, json: JSON.parse(body) }
}
