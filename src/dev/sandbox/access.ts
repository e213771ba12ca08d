import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { hexDigits } from './random.ts'

export interface OAuthAccess {
  readonly clientId: string
  readonly clientSecret: string
  readonly tokenPath: string
  readonly tokenTtlMs?: number
}

export interface SigningAccess {
  readonly keyId: string
  readonly secret: string
}

/** A signature whose date is further away is refused as a possible replay. */
const MAX_SKEW_MS = 300_000

export interface Access {
  readonly tokenPath: string | null
  /** Answers a token request (RFC 6749, client credentials). */
  issueToken(headers: IncomingHttpHeaders, body: string): { status: number; text: string }
  /** Whether a request has the required token and signature. */
  admits(path: string, headers: IncomingHttpHeaders): boolean
}

/** Checks tokens and signatures where they are configured. */
export function createAccess(
  seed: number,
  oauth: OAuthAccess | null,
  signing: SigningAccess | null,
  now: () => number,
): Access {
  const tokens = new Map<string, number>()
  return {
    tokenPath: oauth?.tokenPath ?? null,
    issueToken(headers, body) {
      if (
        oauth === null ||
        !isClient(oauth, headers, body) ||
        !/(^|&)grant_type=client_credentials(&|$)/.test(body)
      )
        return { status: 401, text: JSON.stringify({ error: 'invalid_client' }) }
      const ttlMs = oauth.tokenTtlMs ?? 3_600_000
      const token = hexDigits(seed, 'token', tokens.size)
      tokens.set(token, now() + ttlMs)
      return {
        status: 200,
        text: JSON.stringify({
          access_token: token,
          token_type: 'Bearer',
          expires_in: Math.floor(ttlMs / 1_000),
        }),
      }
    },
    admits(path, headers) {
      if (oauth !== null && !hasToken(tokens, headers, now())) return false
      return signing === null || isSigned(signing, path, headers, now())
    },
  }
}

/** The client authenticates by HTTP Basic or, as RFC 6749 section 2.3.1 also allows, in the form. */
function isClient(
  { clientId, clientSecret }: OAuthAccess,
  headers: IncomingHttpHeaders,
  body: string,
): boolean {
  const { authorization } = headers
  if (authorization === undefined) {
    const form = new URLSearchParams(body)
    return (
      isEqual(form.get('client_id') ?? '', clientId) && isEqual(form.get('client_secret') ?? '', clientSecret)
    )
  }
  const joined = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  return isEqual(authorization, `Basic ${Buffer.from(joined).toString('base64')}`)
}

function hasToken(tokens: ReadonlyMap<string, number>, headers: IncomingHttpHeaders, now: number): boolean {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
  return (tokens.get(token) ?? 0) > now
}

function isSigned(
  { keyId, secret }: SigningAccess,
  path: string,
  headers: IncomingHttpHeaders,
  now: number,
): boolean {
  const { date = '' } = headers
  if (headers['partner-key'] !== keyId || headers.origin === undefined) return false
  if (!(Math.abs(Date.parse(date) - now) < MAX_SKEW_MS)) return false
  const signed = `(request-target): post ${path}\ndate: ${date}`
  const expected = createHmac('sha256', secret).update(signed).digest('base64')
  const given = /signature="([^"]+)"/.exec(String(headers['kaspro-signature'] ?? ''))?.[1] ?? ''
  return isEqual(given, expected)
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  // Bytes, not characters: timingSafeEqual throws when their numbers differ.
  return a.length === b.length && timingSafeEqual(a, b)
}
