import { createHmac, randomBytes } from 'node:crypto'

const SECRET_PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** A new secret in the format of the Standard Webhooks specification: 256 random bits. */
export function newSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64')
}

export interface SignedMessage {
  readonly eventId: string
  readonly body: string
  /** Those that sign now: the current one first. */
  readonly secrets: readonly string[]
  readonly nowMs: number
}

/** The three headers of the specification. Every try is signed again, because receivers refuse an old timestamp. */
export function signedHeaders({ eventId, body, secrets, nowMs }: SignedMessage): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000))
  const content = `${eventId}.${timestamp}.${body}`
  return {
    'webhook-id': eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => `v1,${sign(content, secret)}`).join(' '),
  }
}

/** A secret without its prefix: the key in base64. */
export function keyText(secret: string): string {
  return secret.slice(SECRET_PREFIX.length)
}

function sign(content: string, secret: string): string {
  const key = Buffer.from(keyText(secret), 'base64')
  return createHmac('sha256', key).update(content, 'utf8').digest('base64')
}
