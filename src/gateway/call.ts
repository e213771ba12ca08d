import type { GatewaySettings } from '../config.ts'
import { type Envelope, readEnvelope } from './codecs.ts'
import { bodyOf, moves, type Operation, pathOf } from './endpoints.ts'
import { signatureHeaders } from './signing.ts'
import { createTokenSource } from './token.ts'
import { type Exchange, openTransport } from './transport.ts'

/** The result of one call. */
export type CallResult =
  | {
      readonly is: 'reply'
      readonly status: number
      readonly text: string
      readonly envelope: Envelope | null
    }
  | Extract<Exchange, { is: 'failure' }>

export interface GatewayClocks {
  /** Milliseconds of a monotonic clock, for deadlines and the life of tokens. */
  monotonicMs(): number
  /** Milliseconds since the epoch, for the date that a signature covers. */
  wallMs(): number
}

export interface Caller {
  /** Sends one operation's request once, within the wall-clock deadline of a call, token included. */
  call(operation: Operation, fields: Readonly<Record<string, unknown>>): Promise<CallResult>
  /** Whether a 401 can be caused by an expired token; a call that moves nothing may then be repeated. */
  readonly usesToken: boolean
  /**
   * Begins to open a connection for the confirm that may follow. Call the returned function when none will.
   */
  openAhead(): () => void
  close(): void
}

/** Creates a caller that adds the configured token and signature to each request. */
export function openCaller(settings: GatewaySettings, clocks: GatewayClocks): Caller {
  const transport = openTransport(settings.baseUrl)
  const tokens =
    settings.oauth === null ? null : createTokenSource(settings.oauth, transport, clocks.monotonicMs)
  const basePath = new URL(settings.baseUrl).pathname.replace(/\/$/, '')
  return {
    usesToken: tokens !== null,
    async call(operation, fields) {
      const deadline = clocks.monotonicMs() + settings.timeoutMs
      const answer = (await tokens?.get(settings.timeoutMs)) ?? null
      if (answer?.is === 'none') return { is: 'failure', wasSent: false, code: answer.message }
      const path = pathOf(operation, settings.sellPath)
      const timeoutMs = deadline - clocks.monotonicMs()
      if (timeoutMs <= 0) return { is: 'failure', wasSent: false, code: 'no time left after the token' }
      const exchange = await transport.post({
        path,
        body: JSON.stringify(bodyOf(operation, fields)),
        connection: moves(operation) ? 'fresh' : 'kept',
        headers: {
          ...(answer === null ? {} : { Authorization: `Bearer ${answer.token}` }),
          ...(settings.signing === null
            ? {}
            : signatureHeaders(settings.signing, basePath + path, clocks.wallMs())),
        },
        timeoutMs,
      })
      if (exchange.is === 'failure') return exchange
      if (exchange.status === 401 && answer !== null) tokens?.drop(answer.token)
      return { ...exchange, envelope: readEnvelope(exchange.text) }
    },
    openAhead: () => transport.openAhead(),
    close: () => transport.close(),
  }
}
