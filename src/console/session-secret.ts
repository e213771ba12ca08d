import { createHash, randomBytes } from 'node:crypto'

/** The secret of a session: 256 random bits in a cookie. */
export const newSessionSecret = (): string => randomBytes(32).toString('base64url')

const SECRET = /^[A-Za-z0-9_-]{43}$/

/** Whether a cookie has the form of a session's secret. */
export const isSessionSecret = (text: string): boolean => SECRET.test(text)

/** The id under which a session is stored. */
export const sessionIdOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
