import type { Socket } from 'node:net'
import { StorageError } from '../postgres/pool.ts'
import { PROBLEM_TYPE, Problem, type ProblemCode, problemDocument } from './problems.ts'

/** SQLSTATE classes of wrong statements; all others mean that Postgres is unavailable. */
const OUR_FAULT = /^(0A|22|23|42)...$/

/** The problem that answers an error. Only `internal` is a fault of this program. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StorageError)
    return OUR_FAULT.test(error.code)
      ? new Problem('internal')
      : new Problem('unavailable', { retryAfterS: 2 })
  const { statusCode } = error as { statusCode?: unknown }
  switch (statusCode) {
    case 413:
      return new Problem('payload_too_large')
    case 415:
      return new Problem('unsupported_media_type')
    case 503:
      return new Problem('overloaded', { retryAfterS: 1 })
    default: {
      const isClients = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
      return new Problem(isClients ? 'malformed_request' : 'internal')
    }
  }
}

/** Headers of every answer: it is not cached, and its media type is not guessed. */
export const FOR_ONE_READER = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** Answers on the bare socket what Node refuses before there is a request. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const problem = new Problem(codeOf(error.code))
  const body = JSON.stringify(problemDocument(problem))
  const head = [
    `HTTP/1.1 ${problem.status} Refused`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(FOR_ONE_READER).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ]
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  else socket.destroy(error)
}

function codeOf(code: string | undefined): ProblemCode {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'headers_too_large'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'request_timeout'
    default:
      return 'malformed_request'
  }
}
