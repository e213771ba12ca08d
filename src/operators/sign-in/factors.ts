import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, statement, type } from '../../postgres/statement.ts'
import { operators } from '../schema.ts'
import { operatorFactors as factors } from './schema.ts'

/** What is known of an operator's password, for checking one. */
export interface StoredPassword {
  readonly factorId: number
  readonly salt: string
  readonly scrypt: string
  readonly totpSecret: string
}

const selectPassword = statement('find_operator_password', { name: operators.name }, (db, { name }) =>
  db
    .select({
      factorId: factors.id,
      salt: factors.salt,
      scrypt: factors.scrypt,
      totpSecret: factors.totpSecret,
    })
    .from(operators)
    .innerJoin(factors, eq(factors.operatorId, operators.id))
    .where(
      and(
        sql`person_key(${operators.name}) = person_key(${name})`,
        eq(factors.kind, 'password'),
        isNull(factors.revokedAt),
        isNotNull(factors.enrolledAt),
      ),
    ),
)

/** The password of an operator, by name; null when there is none. */
export async function findPassword(runner: StatementRunner, name: string): Promise<StoredPassword | null> {
  const [found] = await selectPassword(runner, { name })
  if (found === undefined || found.salt === null || found.scrypt === null || found.totpSecret === null)
    return null
  const { factorId, salt, scrypt, totpSecret } = found
  return { factorId, salt, scrypt, totpSecret }
}

/** The seconds since 1970 by the clock of Postgres, by which TOTP codes are checked. */
export const readSeconds = statement('seconds_of_database', {}, (db) =>
  db
    .select({ seconds: sql`t.seconds`.mapWith(Number) })
    .from(sql`(select floor(extract(epoch from clock_timestamp()))::bigint as seconds) t`),
)

/** What Postgres says to a proof that is right. */
export interface RightProof {
  readonly name: string
  /** What the operator tells who confirms it. */
  readonly mark: string
  /** False: it waits until somebody else confirms it, and no session was opened. */
  readonly isUsable: boolean
}

const RIGHT_PROOF = {
  name: sql<string>`r.name`,
  mark: sql<string>`r.mark`,
  isUsable: sql<boolean>`r.is_usable`,
} as const

const byPassword = statement(
  'sign_in_by_password',
  {
    name: type.text,
    passwordKey: type.text,
    step: nullable(type.integer),
    recoveryCode: type.text,
    consoleKey: type.text,
    sessionId: type.text,
  },
  (db, { name, passwordKey, step, recoveryCode, consoleKey, sessionId }) =>
    db
      .select(RIGHT_PROOF)
      .from(
        sql`sign_in_by_password(${name}, ${passwordKey}, ${step}, ${recoveryCode}, ${consoleKey}, ${sessionId}) r`,
      ),
)

/** Opens a session by a password and a TOTP step, or a recovery code; null when one of them is wrong, or the step was used. */
export async function signInByPassword(
  runner: StatementRunner,
  shown: Parameters<typeof byPassword>[1],
): Promise<RightProof | null> {
  const [right] = await byPassword(runner, shown)
  return right ?? null
}

const byAccount = statement(
  'sign_in_by_account',
  { issuer: type.text, subject: type.text, consoleKey: type.text, sessionId: type.text },
  (db, { issuer, subject, consoleKey, sessionId }) =>
    db
      .select(RIGHT_PROOF)
      .from(sql`sign_in_by_account(${issuer}, ${subject}, ${consoleKey}, ${sessionId}) r`),
)

/** Opens a session by an account whose ID token is verified; null when no operator has it. */
export async function signInByAccount(
  runner: StatementRunner,
  account: Parameters<typeof byAccount>[1],
): Promise<RightProof | null> {
  const [right] = await byAccount(runner, account)
  return right ?? null
}

/** An invitation to set a password. */
export interface Invitation {
  readonly factorId: number
  readonly name: string
  readonly state: 'open' | 'used' | 'expired' | 'revoked'
  /** Null before the password is set. */
  readonly totpSecret: string | null
}

const selectInvitation = statement('invitation_of_code', { code: type.text }, (db, { code }) =>
  db
    .select({
      factorId: sql<number>`i.factor_id`,
      name: sql<string>`i.name`,
      state: sql<Invitation['state']>`i.state`,
      totpSecret: sql<string | null>`i.totp_secret`,
    })
    .from(sql`invitation_of_code(${code}) i`),
)

/** The invitation of a code; null when there is none. */
export async function findInvitation(runner: StatementRunner, code: string): Promise<Invitation | null> {
  const [found] = await selectInvitation(runner, { code })
  return found ?? null
}

const beginStatement = statement(
  'begin_enrolment',
  {
    code: type.text,
    salt: type.text,
    scrypt: type.text,
    passwordKey: type.text,
    totpSecret: type.text,
    consoleKey: type.text,
  },
  (db, { code, salt, scrypt, passwordKey, totpSecret, consoleKey }) =>
    db
      .select({ isBegun: sql<boolean>`e.is_begun` })
      .from(
        sql`begin_enrolment(${code}, ${salt}, ${scrypt}, ${passwordKey}, ${totpSecret}, ${consoleKey}) e (is_begun)`,
      ),
)

/** Stores what the holder of an invitation will sign in by. False: the invitation is not open. */
export async function beginEnrolment(
  runner: StatementRunner,
  chosen: Parameters<typeof beginStatement>[1],
): Promise<boolean> {
  const [row] = await beginStatement(runner, chosen)
  return row?.isBegun === true
}

const finishStatement = statement(
  'finish_enrolment',
  { code: type.text, step: type.integer, recoveryHashes: list(type.text), consoleKey: type.text },
  (db, { code, step, recoveryHashes, consoleKey }) =>
    db.select(RIGHT_PROOF).from(sql`finish_enrolment(${code}, ${step}, ${recoveryHashes}, ${consoleKey}) r`),
)

/** Ends an enrolment by its first TOTP step; null when the invitation is not open any more. */
export async function finishEnrolment(
  runner: StatementRunner,
  shown: Parameters<typeof finishStatement>[1],
): Promise<RightProof | null> {
  const [right] = await finishStatement(runner, shown)
  return right ?? null
}
