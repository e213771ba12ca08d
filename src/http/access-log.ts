import { maskPhoneNumbersIn } from '../domain/masking.ts'
import type { Caller } from '../partners/authenticate.ts'
import type { FastifyReply, FastifyRequest } from './fastify.ts'

/** One line a request: who, what, how it ended, how long. No body, no header, no readable phone number. */
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
    status: reply.raw.writableFinished ? reply.statusCode : 'client gone',
    duration_ms: Math.round(durationMs * 10) / 10,
    ...(caller === null ? {} : { partner: caller.partner, key: caller.prefix }),
  }
}

/** A path with its query as a log may have it. What is percent-encoded is decoded first, or a mask would miss it. */
export function shownPath(url: string): string {
  let decoded = url
  try {
    decoded = decodeURIComponent(url)
  } catch {
    decoded = url.replace(/%[^&/?]*/g, '%')
  }
  const masked = maskPhoneNumbersIn(decoded).replace(/(?<!\d)\d{16}(?!\d)/g, 'x'.repeat(16))
  return masked.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 300)
}

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The request's id: the client's own where it is harmless, else a new one. */
export function requestIdOf(given: string | string[] | undefined, newId: () => string): string {
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId()
}
