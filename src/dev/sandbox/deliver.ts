import type { ServerResponse } from 'node:http'
import type { OrderKind } from '../../orders/command.ts'
import type { Delivery } from './faults.ts'
import { draw } from './random.ts'
import type { SandboxReply } from './replies.ts'

export const BAD_GATEWAY: SandboxReply = {
  status: 502,
  text: '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>',
}

/** The pause between two bytes of a trickling reply. */
const DRIP_MS = 100

/** Sends a whole reply. */
export function send(response: ServerResponse, { status, text }: SandboxReply): void {
  const type = text.startsWith('<') ? 'text/html' : 'application/json'
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }).end(text)
}

/** Sends, or spoils, the reply of a request that was executed. */
export function deliver(
  response: ServerResponse,
  reply: SandboxReply,
  how: Delivery,
  context: { readonly type: OrderKind; readonly slowMs: number; readonly key: string },
): void {
  switch (how) {
    case 'nothing':
      response.destroy()
      return
    case 'slowly': {
      const timer = setTimeout(() => send(response, reply), context.slowMs)
      response.on('close', () => clearTimeout(timer))
      return
    }
    case 'trickling':
      trickle(response)
      return
    case 'truncated':
      // Content-Length is that of the half: a longer one would make it a lost reply.
      send(response, { status: reply.status, text: reply.text.slice(0, reply.text.length / 2) })
      return
    case 'contradicting':
      send(response, { status: reply.status, text: contradicting(reply.text, context.type, context.key) })
      return
    case 'html_502':
      send(response, BAD_GATEWAY)
      return
    case 'then_close': {
      // Read now: Node detaches the socket from a finished response.
      const { socket } = response
      send(response, reply)
      socket?.end()
    }
  }
}

function trickle(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1_000_000 })
  const drip = setInterval(() => response.write(' '), DRIP_MS)
  response.on('close', () => clearInterval(drip))
}

const CONTRADICTED = ['gold_weight', 'phone_number', 'amount', 'request_id']

/** Changes one field that the client knows from its quote. */
function contradicting(text: string, type: OrderKind, key: string): string {
  const reply = JSON.parse(text) as { data?: Record<string, unknown> }
  const { data } = reply
  // A refusal has nothing to contradict.
  if (data === undefined) return text
  const known = type === 'withdraw' ? ['gold_weight', 'phone_number', 'request_id'] : CONTRADICTED
  const fields = known.filter((name) => data[name] !== undefined)
  const field = fields[Math.floor(draw(key, 'field') * fields.length)] ?? 'gold_weight'
  data[field] = other(data[field])
  return JSON.stringify(reply)
}

function other(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isInteger(value) ? value + 1 : Math.round(value * 10_000 + 1) / 10_000
  return String(value).replace(/.$/, (last) => (last === '9' ? '0' : '9'))
}
