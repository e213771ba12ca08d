import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** What is encrypted: each purpose has a key of its own. */
type Purpose = 'totp' | 'oidc'

/** The keys that the console draws from `CONSOLE_SECRET`. */
export interface ConsoleKeys {
  /** By this Postgres knows the console. */
  readonly database: string
  /** Encrypts a text. @param bound what it belongs to: it opens for nothing else */
  seal(purpose: Purpose, bound: string, text: string): string
  /** The text again; null when it was sealed by another key or for something else, or changed. */
  open(purpose: Purpose, bound: string, sealed: string): string | null
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** @param secret `CONSOLE_SECRET` */
export function createConsoleKeys(secret: string): ConsoleKeys {
  const keyOf = (info: string) => Buffer.from(hkdfSync('sha256', secret, '', `goldpro console ${info}`, 32))
  const keys = { totp: keyOf('totp'), oidc: keyOf('oidc') }
  return {
    database: keyOf('database').toString('base64url'),
    seal(purpose, bound, text) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', keys[purpose], iv).setAAD(Buffer.from(bound))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open(purpose, bound, sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < IV_BYTES + TAG_BYTES) return null
      const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)
      try {
        const decipher = createDecipheriv('aes-256-gcm', keys[purpose], bytes.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        })
        decipher.setAAD(Buffer.from(bound)).setAuthTag(tag)
        return (
          decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
        )
      } catch {
        return null
      }
    },
  }
}
