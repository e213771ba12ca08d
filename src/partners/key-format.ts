import { hash, timingSafeEqual } from 'node:crypto'

/** `gp_<prefix>_<secret>`: the prefix names the key, the secret is 256 random bits. */
const KEY = /^gp_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/

/** A new key. */
export interface NewKey {
  readonly key: string
  readonly prefix: string
  readonly secretHash: string
}

/**
 * Makes a key.
 * @param random gives that many random bytes, of a cryptographic source
 */
export function newKey(random: (bytes: number) => Uint8Array): NewKey {
  const prefix = Array.from(random(12), (byte) => (byte % 36).toString(36)).join('')
  const key = `gp_${prefix}_${newSecret(random)}`
  return { key, prefix, secretHash: hashOf(key) }
}

/** 256 random bits as text. */
export function newSecret(random: (bytes: number) => Uint8Array): string {
  return Buffer.from(random(32)).toString('base64url')
}

/** The prefix of a well-formed `Authorization: Bearer` header's key, and the key; null for anything else. */
export function presentedKey(authorization: string | undefined): { prefix: string; key: string } | null {
  const [, key = ''] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  const [, prefix] = KEY.exec(key) ?? []
  return prefix === undefined ? null : { prefix, key }
}

/** Whether this key has that hash, compared in constant time. */
export function hasHash(key: string, secretHash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(key), 'hex'), Buffer.from(secretHash, 'hex'))
}

function hashOf(key: string): string {
  return hash('sha256', key)
}
