import { maskNumbersIn } from '../core/masking.ts'
import type { Caller } from './caller.ts'
import type { FastifyReply, FastifyRequest } from './fastify.ts'
import { PROBLEMS } from './problems.ts'

/** The status of an answer that has ended; null when the client disconnected before the whole answer. */
export function answeredStatus({ raw, statusCode }: FastifyReply): number | null {
  // A late request is answered on the bare socket.
  return raw.writableFinished || statusCode === LATE_STATUS ? statusCode : null
}

const LATE_STATUS = PROBLEMS.request_timeout.status

/** One log line per request: caller, route, status, duration. No body, no header, no readable phone number. */
export function accessLine(
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller | null,
  durationMs: number,
): Record<string, unknown> {
  return {
    request_id: request.id,
    method: request.method,
    path: shownPath(request.raw.url ?? ''),
    status: answeredStatus(reply) ?? 'client gone',
    duration_ms: Math.round(durationMs * 10) / 10,
    ...(caller === null ? {} : { ...whoOf(caller), key: caller.prefix }),
  }
}

const whoOf = ({ partner, operator }: Caller) => (operator === undefined ? { partner } : { operator })

/** A path for the log. Of its query only the names are shown, because the values may be personal data. */
export function shownPath(url: string): string {
  // Nothing to decode, to mask or to leave out, as in most requests.
  if (PLAIN_PATH.test(url)) return url
  const [path = '', query] = url.split(/\?(.*)/s)
  const names = query === undefined ? '' : `?${query.replace(/=[^&]*/g, '')}`
  const masked = maskNumbersIn(decoded(path + names).replace(/(?<!\d)\d{16}(?!\d)/g, 'x'.repeat(16))).replace(
    /(gpo?_[a-z0-9]{12})_[\w-]+/gi,
    '$1_(masked)',
  )
  return masked.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 300)
}

const PLAIN_PATH = /^(?:\/(?:v1|[a-z-]{1,40})){1,6}$/

/** Decodes a text up to three times, so that masking sees its digits; what is still encoded is removed. */
function decoded(text: string): string {
  let plain = text
  for (let round = 0; round < 3 && plain.includes('%'); round += 1)
    try {
      plain = decodeURIComponent(plain)
    } catch {
      break
    }
  return plain.replace(/%[^&/?]*/g, '%')
}

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The request's id: the client's own if it is harmless, else a new one. */
export function requestIdOf(given: string | string[] | undefined, newId: () => string): string {
  const isHarmless = typeof given === 'string' && REQUEST_ID.test(given) && maskNumbersIn(given) === given
  return isHarmless ? given : newId()
}
