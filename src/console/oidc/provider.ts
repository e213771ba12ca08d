import * as client from 'openid-client'
import type { Log } from '../../core/log.ts'
import type { ConsoleKeys } from '../keys.ts'
import type { Account } from '../people.ts'

/** The console as a client of an OpenID Connect provider. */
export interface ProviderSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** `CONSOLE_ORIGIN` with the path of the callback. */
  readonly redirectUri: string
}

/** How long somebody may take at the provider. */
export const FLOW_MINUTES = 10

export type Returned =
  | { readonly is: 'account'; readonly account: Account; readonly next: string }
  /** `stale`: not begun in this browser, or too long ago. `refused`: the provider's answer proves nobody. */
  | { readonly is: 'refused'; readonly why: 'stale' | 'refused' | 'unreachable' }

/** Signs people in at an OpenID Connect provider: authorization code with PKCE, state and nonce. */
export interface Provider {
  /** Where to send the browser, and what it keeps until it comes back; null: the provider cannot be reached. */
  begin(next: string): Promise<{ readonly to: string; readonly flow: string } | null>
  /** Whose account came back. @param search the query of the callback @param flow what `begin` gave the browser */
  finish(search: URLSearchParams, flow: string): Promise<Returned>
}

/** What must be equal when the browser comes back. */
interface Flow {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly next: string
  readonly endsAt: number
}

const TIMEOUT_S = 10

export function createProvider(settings: ProviderSettings, keys: ConsoleKeys, log: Log): Provider {
  const { redirectUri } = settings
  let known: Promise<client.Configuration> | null = null
  const configuration = async (): Promise<client.Configuration | null> => {
    known ??= discover(settings)
    try {
      return await known
    } catch (error) {
      known = null
      log.warn({ code: codeOf(error) }, 'the OpenID Connect provider cannot be reached')
      return null
    }
  }
  return {
    async begin(next) {
      const config = await configuration()
      if (config === null) return null
      const verifier = client.randomPKCECodeVerifier()
      const [state, nonce] = [client.randomState(), client.randomNonce()]
      const to = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid',
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      const flow: Flow = { state, nonce, verifier, next, endsAt: Date.now() + FLOW_MINUTES * 60_000 }
      return { to: to.href, flow: keys.seal('oidc', redirectUri, JSON.stringify(flow)) }
    },
    async finish(search, sealed) {
      const opened = keys.open('oidc', redirectUri, sealed)
      const flow = opened === null ? null : (JSON.parse(opened) as Flow)
      if (flow === null || flow.endsAt < Date.now()) return { is: 'refused', why: 'stale' }
      const config = await configuration()
      if (config === null) return { is: 'refused', why: 'unreachable' }
      try {
        const account = await accountOf(config, new URL(`${redirectUri}?${search}`), flow)
        return { is: 'account', account, next: flow.next }
      } catch (error) {
        // The code alone: what the provider sent may have tokens.
        log.warn({ code: codeOf(error) }, 'an answer of the OpenID Connect provider proves nobody')
        return { is: 'refused', why: 'refused' }
      }
    },
  }
}

async function discover({ issuer, clientId, clientSecret }: ProviderSettings): Promise<client.Configuration> {
  // The settings let plain HTTP through for this machine alone.
  const insecure = issuer.startsWith('http:') ? [client.allowInsecureRequests] : []
  return await client.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    timeout: TIMEOUT_S,
    // The signature of the ID token is verified too, although it comes over TLS.
    execute: [client.enableNonRepudiationChecks, ...insecure],
  })
}

/** Verifies state, issuer, code, ID token and nonce. @throws whatever is wrong with one of them */
async function accountOf(config: client.Configuration, url: URL, flow: Flow): Promise<Account> {
  const tokens = await client.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: flow.verifier,
    expectedState: flow.state,
    expectedNonce: flow.nonce,
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  if (claims === undefined) throw new Error('an answer without an ID token')
  return { issuer: claims.iss, subject: claims.sub }
}

function codeOf(error: unknown): string {
  const { code, error: said } = (error ?? {}) as { code?: unknown; error?: unknown }
  return [said, code, (error as Error | null)?.name].find((each) => typeof each === 'string') as string
}
