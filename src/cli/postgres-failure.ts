import { UnfitServerError } from '../postgres/check-server.ts'
import { StorageError } from '../postgres/pool.ts'
import { errorCode, Failure } from './failure.ts'

/** What to do about an error code of Postgres, a socket or TLS. Exit code 2: only other settings help. */
const REMEDIES: Readonly<Record<string, { readonly exitCode: 1 | 2; readonly line: string }>> = {
  '28P01': wrong('Postgres refuses the password: correct the user and the password in DATABASE_URL'),
  '28000': wrong(
    'Postgres does not let this role connect from here: correct the user in DATABASE_URL, add sslmode=require where the server asks for TLS, or allow it in pg_hba.conf',
  ),
  '3D000': wrong('there is no such database: create it, or correct the name at the end of DATABASE_URL'),
  '42501': wrong(
    'the role of DATABASE_URL lacks a right that this command needs: grant it, or use the role that owns the tables (docs/settings.md)',
  ),
  '25006': wrong('the database is read-only: DATABASE_URL must lead to the primary server, not to a standby'),
  '08P01': wrong(
    'a program between this one and Postgres does not speak its protocol: DATABASE_URL must lead to Postgres itself or to session pooling',
  ),
  '3F000': later('the database lacks tables of this version: run `goldpro migrate`'),
  '42P01': later('the database lacks tables of this version: run `goldpro migrate`'),
  '42703': later('the database lacks columns of this version: run `goldpro migrate`'),
  '42883': later('the database lacks functions of this version: run `goldpro migrate`'),
  '55P03': later(
    'another session holds a lock that this needs: find it in pg_stat_activity (oldest xact_start), let it end or pg_terminate_backend it, and run this again',
  ),
  '57P03': later('Postgres is starting up or shutting down: try again in a moment'),
  '57P01': later('Postgres is shutting down: try again when it is back'),
  '53300': later(
    'Postgres has no connection left: raise max_connections, or stop programs that hold connections',
  ),
  'The server does not support SSL connections': wrong(
    'Postgres offers no TLS: turn it on at the server, or set sslmode=disable in DATABASE_URL where the network is trusted',
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: wrong(
    'the certificate of Postgres names another host: use the name in the certificate as the host of DATABASE_URL, or sslmode=verify-ca',
  ),
  CERT_HAS_EXPIRED: wrong('the certificate of Postgres has expired: renew it at the server'),
  ENOTFOUND: later('the host of DATABASE_URL is unknown: correct it, or check DNS'),
  EAI_AGAIN: later('the host of DATABASE_URL cannot be resolved: check DNS'),
}

const UNKNOWN_ISSUER = wrong(
  'the issuer of the certificate of Postgres is not trusted here: add sslrootcert=FILE with its CA to DATABASE_URL',
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

/** Describes a Postgres error to a person: what is wrong and what to do. Null: the code is not listed here. */
export function postgresFailure(error: unknown): Failure | null {
  if (error instanceof UnfitServerError) return new Failure(2, error.message)
  const code = error instanceof StorageError ? error.code : errorCode(error)
  const remedy = UNTRUSTED.includes(code) ? UNKNOWN_ISSUER : REMEDIES[code]
  return remedy === undefined ? null : new Failure(remedy.exitCode, `${remedy.line} (${shortOf(code)})`)
}

/** Errors of pg itself have a sentence instead of a code. */
function shortOf(code: string): string {
  return /\s/.test(code) ? 'no TLS' : code
}
