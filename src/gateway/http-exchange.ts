import type { Dispatcher } from 'undici'
import type { Connection } from './connection.ts'

export interface HttpReply {
  readonly status: number
  readonly text: string
}

/** Node's codes for what undici names otherwise. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ECONNRESET',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'ERR_BAD_RESPONSE',
  UND_ERR_HEADERS_OVERFLOW: 'HPE_HEADER_OVERFLOW',
}

/** An exchange that brought no reply. */
export class ExchangeFailed extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

type Settle = (failure: ExchangeFailed | null, reply: HttpReply) => void

const NO_REPLY: HttpReply = { status: 0, text: '' }

/**
 * One request on one connection, as undici reports it. `wasSent` is false as long as no byte of the request can have been
 * written: undici calls `onRequestStart` right before it writes the head, in the same turn, and writes nothing when the
 * handler aborts there (`writeH1` in its client-h1.js).
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  #wasSent = false
  #isOver = false
  #status = 0
  readonly #chunks: Buffer[] = []
  readonly #connection: Connection
  readonly #settle: Settle
  readonly #deadline: NodeJS.Timeout

  constructor(connection: Connection, timeoutMs: number, settle: Settle) {
    this.#connection = connection
    this.#settle = settle
    this.#deadline = setTimeout(() => this.#fail(new ExchangeFailed('ETIMEDOUT')), timeoutMs)
  }

  get wasSent(): boolean {
    return this.#wasSent
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // undici queues a running request anew when its connection is closed for some reasons of its own, and would write it twice.
    if (this.#isOver || this.#wasSent) {
      controller.abort(new ExchangeFailed('ERR_SENT_TWICE'))
      return
    }
    this.#wasSent = true
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return
    this.#status = status
    const encoding = headers['content-encoding'] ?? 'identity'
    // No encoding was asked for. Decoding could blow up, and undecoded text says nothing.
    if (encoding !== 'identity') this.#fail(new ExchangeFailed('ERR_REPLY_ENCODED'))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#connection.wasReset) this.#fail(new ExchangeFailed('ECONNRESET'))
    else this.#end(null, { status: this.#status, text: textOf(this.#chunks) })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    const failure = new ExchangeFailed(CODES[code] ?? code)
    this.#end(failure, NO_REPLY)
    this.#connection.destroy(failure)
  }

  #end(failure: ExchangeFailed | null, reply: HttpReply): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#deadline)
    this.#settle(failure, reply)
  }
}

const BYTE_ORDER_MARK = '\ufeff'

function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks
  if (first === undefined) return ''
  const text = (chunks.length === 1 ? first : Buffer.concat(chunks)).toString('utf8')
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
}
