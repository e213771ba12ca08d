import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

/** The secret of a session: 256 random bits in a cookie. */
export const newSessionSecret = (): string => randomBytes(32).toString('base64url')

const SECRET = /^[A-Za-z0-9_-]{43}$/

/** The id under which a session is stored; null for what is no secret. */
export function sessionIdOf(secret: string): string | null {
  return SECRET.test(secret) ? createHash('sha256').update(secret).digest('hex') : null
}

const keyOf = (secret: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', 'goldpro console session proof', 32))

const IV_BYTES = 12
const TAG_BYTES = 16

/** Encrypts an operator's proof for the database: whoever reads the table cannot act as the operator. */
export function sealProof(secret: string, proof: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), iv)
  const sealed = Buffer.concat([cipher.update(proof, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** The proof again. @throws when it was sealed for another session, or changed */
export function openProof(secret: string, text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, IV_BYTES))
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
  return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
}
