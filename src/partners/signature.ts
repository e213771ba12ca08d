import { createHmac, timingSafeEqual } from 'node:crypto'

/** How far a signed request's clock may be from ours. */
export const SIGNATURE_WINDOW_MS = 5 * 60_000

/** A request as its signature covers it. */
export interface SignedRequest {
  readonly method: string
  /** With its query, exactly as it was sent. */
  readonly path: string
  /** Seconds since the epoch, as sent. */
  readonly timestamp: string
  readonly nonce: string
  readonly body: Uint8Array
}

/** HMAC-SHA256 over method, path with query, timestamp, nonce and body, each on a line of its own, in hex. */
export function signatureOf(request: SignedRequest, signingSecret: string): string {
  const { method, path, timestamp, nonce, body } = request
  return createHmac('sha256', signingSecret)
    .update(`${method}\n${path}\n${timestamp}\n${nonce}\n`)
    .update(body)
    .digest('hex')
}

/** Why a signature is refused; null when it is good, its nonce not yet looked at. */
export function signatureProblem(
  request: SignedRequest,
  signature: string,
  signingSecret: string,
  nowMs: number,
): string | null {
  if (!/^\d{1,12}$/.test(request.timestamp)) return 'X-Timestamp must be seconds since 1970'
  if (!/^[A-Za-z0-9_-]{16,64}$/.test(request.nonce))
    return 'X-Nonce must be 16 to 64 letters, digits, dashes or underscores'
  const [, hex] = /^v1=([0-9a-f]{64})$/.exec(signature) ?? []
  if (hex === undefined) return 'X-Signature must be v1= and 64 hexadecimal digits'
  const expected = signatureOf(request, signingSecret)
  if (!timingSafeEqual(Buffer.from(hex, 'hex'), Buffer.from(expected, 'hex')))
    return 'the signature is not of this request'
  const isStale = Math.abs(nowMs - Number(request.timestamp) * 1_000) > SIGNATURE_WINDOW_MS
  return isStale ? 'X-Timestamp is more than five minutes from the time here' : null
}
