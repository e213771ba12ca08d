import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto'

/** How far a request's timestamp may be from the database's time. */
export const SIGNATURE_WINDOW_MS = 5 * 60_000

/** What a signature covers besides the body. */
export interface SignedHead {
  readonly method: string
  /** With its query, exactly as it was sent. */
  readonly path: string
  /** Seconds since the epoch, as sent. */
  readonly timestamp: string
  readonly nonce: string
}

/** An HMAC-SHA256 over method, path with query, timestamp and nonce, a line each. The caller adds the body. */
export function beginHmac({ method, path, timestamp, nonce }: SignedHead, signingSecret: string): Hmac {
  return createHmac('sha256', signingSecret).update(`${method}\n${path}\n${timestamp}\n${nonce}\n`)
}

/** Why a signature is invalid whatever the body is; null when the body decides. */
export function headProblem(
  { timestamp, nonce }: SignedHead,
  signature: string,
  nowMs: number,
): string | null {
  if (!/^\d{1,12}$/.test(timestamp)) return 'X-Timestamp must be seconds since 1970'
  if (!/^[A-Za-z0-9_-]{16,64}$/.test(nonce))
    return 'X-Nonce must be 16 to 64 letters, digits, dashes or underscores'
  if (!SIGNATURE.test(signature)) return 'X-Signature must be v1= and 64 hexadecimal digits'
  const isStale = Math.abs(nowMs - Number(timestamp) * 1_000) > SIGNATURE_WINDOW_MS
  return isStale ? 'X-Timestamp is more than five minutes from the time here' : null
}

const SIGNATURE = /^v1=[0-9a-f]{64}$/

/** Why a signature does not match; null when it does. Compared in constant time. */
export function digestProblem(signature: string, expectedHex: string): string | null {
  const given = Buffer.from(signature.slice(3), 'hex')
  const expected = Buffer.from(expectedHex, 'hex')
  const isGood = given.length === expected.length && timingSafeEqual(given, expected)
  return isGood ? null : 'the signature is not of this request'
}
