import { UnfitServerError } from '../postgres/check-server.ts'
import { StorageError } from '../postgres/pool.ts'
import { errorCode, Failure } from './failure.ts'

/** What to do about a code of Postgres, a socket or TLS. `exitCode` 2: nothing but a change of settings helps. */
const REMEDIES: Readonly<Record<string, { readonly exitCode: 1 | 2; readonly line: string }>> = {
  '28P01': wrong('Postgres refuses the password: correct the user and the password in DATABASE_URL'),
  '28000': wrong(
    'Postgres does not let this role in from here: correct the user in DATABASE_URL, add sslmode=require where the server asks for TLS, or allow it in pg_hba.conf',
  ),
  '3D000': wrong('there is no such database: create it, or correct the name at the end of DATABASE_URL'),
  '42501': wrong(
    'the role of DATABASE_URL lacks a right that this needs: grant it, or use the role that owns the tables (docs/settings.md)',
  ),
  '25006': wrong('the database is read-only: DATABASE_URL must lead to the primary server, not to a standby'),
  '08P01': wrong(
    'something between here and Postgres does not speak its protocol: DATABASE_URL must lead to Postgres itself or to session pooling',
  ),
  '3F000': later('the database lacks tables of this version: run `goldpro migrate`'),
  '42P01': later('the database lacks tables of this version: run `goldpro migrate`'),
  '42703': later('the database lacks columns of this version: run `goldpro migrate`'),
  '42883': later('the database lacks functions of this version: run `goldpro migrate`'),
  '57P03': later('Postgres is starting up or shutting down: try again in a moment'),
  '57P01': later('Postgres is shutting down: try again when it is back'),
  '53300': later(
    'Postgres has no connection left: raise its max_connections, or end programs that hold some',
  ),
  'The server does not support SSL connections': wrong(
    'Postgres offers no TLS: turn it on at the server, or set sslmode=disable in DATABASE_URL where the network is trusted',
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: wrong(
    "the certificate of Postgres is another host's: use the name in the certificate as the host of DATABASE_URL, or sslmode=verify-ca",
  ),
  CERT_HAS_EXPIRED: wrong('the certificate of Postgres has expired: renew it at the server'),
  ENOTFOUND: later('the host of DATABASE_URL is not known: correct it, or check the name service'),
  EAI_AGAIN: later('the host of DATABASE_URL cannot be looked up: check the name service'),
}

const UNKNOWN_ISSUER = wrong(
  'the certificate of Postgres is of an issuer that is not trusted here: add sslrootcert=FILE with its CA to DATABASE_URL',
)

const UNTRUSTED = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]

function wrong(line: string) {
  return { exitCode: 2, line } as const
}

function later(line: string) {
  return { exitCode: 1, line } as const
}

/** What a person is told of trouble with Postgres: what is wrong, and what to do. Null: nobody here knows more. */
export function postgresFailure(error: unknown): Failure | null {
  if (error instanceof UnfitServerError) return new Failure(2, error.message)
  const code = error instanceof StorageError ? error.code : errorCode(error)
  const remedy = UNTRUSTED.includes(code) ? UNKNOWN_ISSUER : REMEDIES[code]
  return remedy === undefined ? null : new Failure(remedy.exitCode, `${remedy.line} (${shortOf(code)})`)
}

/** A sentence of pg's own is no code. */
function shortOf(code: string): string {
  return /\s/.test(code) ? 'no TLS' : code
}
