import { createHmac } from 'node:crypto'
import type { GatewaySettings } from '../config.ts'

/**
 * The headers that sign a request: HMAC-SHA256 over `(request-target)` and `date`.
 * Seen in public clients of this gateway, not in its document.
 */
export function signatureHeaders(
  signing: NonNullable<GatewaySettings['signing']>,
  path: string,
  now: number,
): Record<string, string> {
  const date = new Date(now).toUTCString()
  const signed = `(request-target): post ${path}\ndate: ${date}`
  const signature = createHmac('sha256', signing.secret).update(signed).digest('base64')
  return {
    Date: date,
    Origin: signing.origin,
    'Partner-Key': signing.keyId,
    'KasPro-Signature': `keyId="${signing.keyId}",algorithm="hmac-sha256",headers="(request-target) date",signature="${signature}"`,
  }
}
