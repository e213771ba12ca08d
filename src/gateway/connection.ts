import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { Client } from 'undici'
import type { WhenOpen } from './dial.ts'

/** Far more than any documented reply has; longer ones are refused. */
const MAX_REPLY_BYTES = 256 * 1024

/** Every wait is bounded by the deadline of the exchange, so undici's own timers are off. */
const OPTIONS = {
  allowH2: false,
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
  maxResponseSize: MAX_REPLY_BYTES,
} as const

/** Opens a socket, and hands out each one that it tries, so that it can be destroyed at any time. */
export type Open = (whenOpen: WhenOpen, hold: (socket: Socket) => void) => void

/** One of undici's clients, which has one connection at a time, and that connection's socket. */
export class Connection {
  readonly client: Client
  #socket: Socket | null = null

  constructor(origin: URL, open: Open) {
    this.client = new Client(origin, {
      ...OPTIONS,
      connect: (_options, whenOpen) => open(whenOpen, (socket) => this.#hold(socket)),
    })
    // Without a listener an error within undici would end the process. The deadline ends the exchange.
    const emitter: EventEmitter = this.client
    emitter.on('error', () => {})
  }

  #hold(socket: Socket): void {
    this.#socket = socket
    if (this.client.destroyed) socket.destroy(new Error('the connection was closed'))
  }

  /** undici takes a reply without a length for complete when its connection is reset. It is not. */
  get wasReset(): boolean {
    return this.#socket?.errored != null
  }

  destroy(reason: Error): void {
    this.client.destroy(reason, () => {})
    // undici leaves a socket that is still connecting to itself.
    this.#socket?.destroy(reason)
  }
}
