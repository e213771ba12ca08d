import { bothOrNeither, ConfigurationError } from './configuration-error.ts'
import type { Environment } from './table.ts'

/** How people sign in at the console. */
export interface ConsoleSignIn {
  /** Whatever the console encrypts, and by what Postgres knows it, comes from it; null: nobody can sign in. */
  readonly secret: string | null
  readonly hasPasswords: boolean
  /** The provider of OpenID Connect; null: none. */
  readonly issuer: string | null
  /** Null: no OpenID Connect. */
  readonly oidc: OidcClient | null
}

/** The console as a client of an OpenID Connect provider. */
export interface OidcClient {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** @throws ConfigurationError when a setting is there without one that it needs */
export function consoleSignIn(env: Environment): ConsoleSignIn {
  const { CONSOLE_OIDC_ISSUER: issuer, CONSOLE_OIDC_ONLY } = env
  const account = bothOrNeither(
    'CONSOLE_OIDC_CLIENT_ID',
    env.CONSOLE_OIDC_CLIENT_ID,
    'CONSOLE_OIDC_CLIENT_SECRET',
    env.CONSOLE_OIDC_CLIENT_SECRET,
    (clientId, clientSecret) => ({ clientId, clientSecret }),
  )
  // Commands that link accounts have the issuer alone.
  if (account !== null && issuer === undefined)
    throw new ConfigurationError('CONSOLE_OIDC_ISSUER must be set when CONSOLE_OIDC_CLIENT_ID is')
  if (account !== null && env.CONSOLE_ORIGIN === undefined)
    throw new ConfigurationError('CONSOLE_ORIGIN must be set when CONSOLE_OIDC_CLIENT_ID is')
  if (issuer !== undefined && !isSafeIssuer(issuer))
    throw new ConfigurationError(
      'CONSOLE_OIDC_ISSUER must be an https:// URL; http:// is only for this machine',
    )
  const oidc = account === null || issuer === undefined ? null : Object.freeze({ issuer, ...account })
  return Object.freeze({
    secret: env.CONSOLE_SECRET ?? null,
    hasPasswords: CONSOLE_OIDC_ONLY === 'false',
    issuer: issuer ?? null,
    oidc,
  })
}

const isSafeIssuer = (issuer: string): boolean =>
  issuer.startsWith('https:') || ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(issuer).hostname)
