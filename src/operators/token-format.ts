import { hash } from 'node:crypto'

/** `gpo_<prefix>_<secret>`: the prefix names the token, the secret is 256 random bits. */
const TOKEN = /^gpo_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/

/** A new token. Only its prefix and its hash are stored. */
export interface NewToken {
  readonly token: string
  readonly prefix: string
  readonly secretHash: string
}

/**
 * Makes a token.
 * @param random gives that many random bytes, of a cryptographic source
 */
export function newToken(random: (bytes: number) => Uint8Array): NewToken {
  const prefix = Array.from(random(12), (byte) => (byte % 36).toString(36)).join('')
  const token = `gpo_${prefix}_${Buffer.from(random(32)).toString('base64url')}`
  return { token, prefix, secretHash: hash('sha256', token) }
}

/** The token in a text that may have blanks around it; null when it has another form. */
export function readToken(text: string): string | null {
  const token = text.trim()
  return TOKEN.test(token) ? token : null
}

/** The only token in a text such as what `operator rotate` prints; null when there is none, or more than one. */
export function findToken(text: string): string | null {
  const [token, ...others] = text.split(/\s+/).filter((word) => TOKEN.test(word))
  return token === undefined || others.length > 0 ? null : token
}

export const TOKEN_EXPECTED = 'an operator’s token, such as gpo_a1b2c3d4e5f6_…'
