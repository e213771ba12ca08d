import type { Socket } from 'node:net'
import type { Dial } from './dial.ts'

/** Each order has at most one connection opened ahead; more orders than this at once open theirs when they confirm. */
const MOST_READY = 128

/**
 * A connection that waits longer is closed. Servers close connections without a request after 5 s and more (mostly 20 to
 * 60), so one that is younger dies in the instant of a send only with its server, as a newly opened one may too.
 */
export const READY_MAX_AGE_MS = 3_000

/** A connection on which nothing was sent yet. */
export interface ReadyConnection {
  readonly socket: Socket
  /** Calls back once the socket is open and proven quiet (true), or is of no use (false). */
  whenUsable(callback: (isUsable: boolean) => void): void
}

export interface ReadyConnections {
  /** Begins to open one more. */
  open(): void
  /** Gives one away, for ever: an open one, or else the one that began to open first. */
  take(): ReadyConnection | null
  /** Closes one that waits, because there is one order less. */
  dropOne(): void
  close(): void
}

/** Creates the set of connections that are opened before they are needed. Each is used once at most. */
export function createReadyConnections(dial: Dial): ReadyConnections {
  const waiting = new Set<Waiting>()

  const take = (): Waiting | null => {
    let first: Waiting | null = null
    for (const each of waiting) {
      if (each.isOpen || first === null) first = each
      if (first.isOpen) break
    }
    if (first !== null) leave(first)
    return first
  }

  const leave = (one: Waiting) => {
    waiting.delete(one)
    clearTimeout(one.expiry)
  }

  return {
    open() {
      if (waiting.size >= MOST_READY) return
      const one = new Waiting(dial, READY_MAX_AGE_MS)
      waiting.add(one)
      one.socket.once('close', () => leave(one))
    },
    take,
    dropOne: () => take()?.discard(),
    close() {
      for (const one of waiting) one.discard()
    },
  }
}

class Waiting implements ReadyConnection {
  readonly socket: Socket
  readonly expiry: NodeJS.Timeout
  isOpen = false
  #isInUse = false
  #callback: ((isUsable: boolean) => void) | null = null

  constructor(dial: Dial, maxAgeMs: number) {
    this.socket = dial((error, _socket) => {
      this.isOpen = error === null
      this.#settle()
    })
    this.expiry = setTimeout(() => this.discard(), maxAgeMs).unref()
    // Before its first request a server says nothing. What it says all the same must not be read as a reply.
    this.socket.on('readable', () => {
      if (!this.#isInUse && this.socket.read() !== null) this.discard()
    })
    this.socket.once('end', () => {
      if (!this.#isInUse) this.discard()
    })
  }

  whenUsable(callback: (isUsable: boolean) => void): void {
    this.#callback = callback
    // The loop reads first what the kernel has, so that a connection which the server has closed is not used.
    if (this.isOpen) setImmediate(() => this.#settle())
    else if (this.socket.destroyed) this.#settle()
  }

  #settle(): void {
    const callback = this.#callback
    if (callback === null) return
    this.#callback = null
    this.#isInUse = this.isOpen && !this.socket.destroyed
    callback(this.#isInUse)
  }

  /** The error lets whoever waits for the socket to open know that it will not. */
  discard(): void {
    this.socket.destroy(new Error('the connection is not needed'))
  }
}
