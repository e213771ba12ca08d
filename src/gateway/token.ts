import { z } from 'zod'
import type { GatewaySettings } from '../config.ts'
import type { Transport } from './transport.ts'

/** A token, or why there is none. Without a token no operation is called. */
export type TokenAnswer =
  | { readonly is: 'token'; readonly token: string }
  | { readonly is: 'none'; readonly message: string }

export interface TokenSource {
  /** The cached token, or a new one. Concurrent callers share one renewal; a failure is not cached. */
  get(timeoutMs: number): Promise<TokenAnswer>
  /** Drops a token that the gateway no longer accepts. A newer one stays. */
  drop(token: string): void
}

/** A token is renewed this long before it expires, or after half of its life if that is later. */
const RENEW_BEFORE_EXPIRY_MS = 60_000

/** The life of a token whose reply has no `expires_in`, which RFC 6749 leaves optional. */
const DEFAULT_LIFE_S = 300

const tokenReply = z.object({
  access_token: z.string().min(1).max(8_192),
  expires_in: z.coerce.number().positive().max(31_536_000).default(DEFAULT_LIFE_S),
})

/** OAuth 2 client credentials (RFC 6749, section 4.4), the client authenticated by HTTP Basic. */
export function createTokenSource(
  oauth: NonNullable<GatewaySettings['oauth']>,
  transport: Transport,
  monotonicMs: () => number,
): TokenSource {
  let cached: { token: string; renewAt: number } | null = null
  let renewal: Promise<TokenAnswer> | null = null

  const renew = async (timeoutMs: number): Promise<TokenAnswer> => {
    const askedAt = monotonicMs()
    const exchange = await transport.post({
      path: oauth.tokenPath,
      body: 'grant_type=client_credentials',
      connection: 'kept',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: basic(oauth) },
      timeoutMs,
    })
    if (exchange.is === 'failure') return { is: 'none', message: `token request failed: ${exchange.code}` }
    const parsed = tokenReply.safeParse(parseJson(exchange.text))
    if (exchange.status < 200 || exchange.status > 299 || !parsed.success)
      return { is: 'none', message: `token request answered with HTTP ${exchange.status} and no token` }
    const lifeMs = parsed.data.expires_in * 1_000
    cached = {
      token: parsed.data.access_token,
      renewAt: askedAt + Math.max(lifeMs - RENEW_BEFORE_EXPIRY_MS, lifeMs / 2),
    }
    return { is: 'token', token: cached.token }
  }

  return {
    async get(timeoutMs) {
      if (cached !== null && monotonicMs() < cached.renewAt) return { is: 'token', token: cached.token }
      renewal ??= renew(timeoutMs).finally(() => {
        renewal = null
      })
      return await renewal
    },
    drop(token) {
      if (cached?.token === token) cached = null
    },
  }
}

/** RFC 6749 requires both parts to be form-encoded before they are joined. */
function basic({ clientId, clientSecret }: { clientId: string; clientSecret: string }): string {
  const joined = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  return `Basic ${Buffer.from(joined).toString('base64')}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
