import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  serial,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { at, oneOf } from '../../postgres/columns.ts'
import { FACTOR_KINDS, SESSION_PROOFS } from '../enums.ts'
import { operators } from '../schema.ts'

/**
 * By what an operator signs in at the console: a password with a TOTP secret, or an account at an OpenID Connect provider. The
 * row of a password is made by an invitation. Only the functions of the migration write it.
 */
export const operatorFactors = pgTable(
  'operator_factors',
  {
    id: serial('id').primaryKey(),
    operatorId: integer('operator_id').notNull(),
    kind: text('kind', { enum: FACTOR_KINDS }).notNull(),
    /** SHA-256 of the invitation's code, in hex, and when it expires. */
    codeHash: text('code_hash'),
    codeEndsAt: at('code_ends_at'),
    /** Salt in hex, and cost of scrypt: `ln=15,r=8,p=3`. */
    salt: text('salt'),
    scrypt: text('scrypt'),
    /** SHA-256 of what scrypt makes of the password, in hex: the row alone opens no session. */
    keyHash: text('key_hash'),
    /** The TOTP secret, encrypted with a key that only the console has. */
    totpSecret: text('totp_secret'),
    /** The last TOTP step that was used; no earlier one is accepted any more. */
    lastStep: integer('last_step'),
    /** SHA-256 of the recovery codes that are left, in hex. */
    recoveryHashes: text('recovery_hashes').array(),
    issuer: text('issuer'),
    subject: text('subject'),
    /** The operator who invited or linked. */
    createdBy: integer('created_by').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    /** Whether somebody else than who invited must confirm it. */
    takesTwo: boolean('takes_two').notNull(),
    enrolledAt: at('enrolled_at'),
    confirmedBy: integer('confirmed_by'),
    confirmedAt: at('confirmed_at'),
    revokedAt: at('revoked_at'),
  },
  (factor) => [
    foreignKey({
      columns: [factor.operatorId],
      foreignColumns: [operators.id],
      name: 'operator_factors_operator_id_fk',
    }),
    index('operator_factors_operator_id').on(factor.operatorId),
    uniqueIndex('operator_factors_code').on(factor.codeHash),
    uniqueIndex('operator_factors_one_password')
      .on(factor.operatorId)
      .where(sql`kind = 'password' and revoked_at is null`),
    uniqueIndex('operator_factors_one_account')
      .on(factor.issuer, factor.subject)
      .where(sql`kind = 'oidc' and revoked_at is null`),
    check('operator_factors_kind', oneOf('kind', FACTOR_KINDS)),
    check(
      'operator_factors_form',
      sql`case kind when 'oidc' then issuer is not null and subject is not null and enrolled_at is not null
        else code_hash is not null and code_ends_at is not null and (enrolled_at is null
          or num_nulls(salt, scrypt, key_hash, totp_secret, last_step, recovery_hashes) = 0) end`,
    ),
  ],
)

/** Who is signed in at the console. The secret is in the browser's cookie. Only the functions of the migration write it. */
export const operatorSessions = pgTable(
  'operator_sessions',
  {
    /** SHA-256 of the secret, in hex. */
    id: text('id').primaryKey(),
    /** Null: the name was declared. */
    factorId: integer('factor_id'),
    /** The operator's name at the sign-in. */
    name: text('name').notNull(),
    proof: text('proof', { enum: SESSION_PROOFS }).notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    seenAt: at('seen_at').notNull().defaultNow(),
    /** The session ends then, however much it is used. */
    endsAt: at('ends_at').notNull(),
    /** Signed out. */
    endedAt: at('ended_at'),
  },
  (session) => [
    foreignKey({
      columns: [session.factorId],
      foreignColumns: [operatorFactors.id],
      name: 'operator_sessions_factor_id_fk',
    }),
    index('operator_sessions_ends_at').on(session.endsAt),
    check('operator_sessions_id', sql`id ~ '^[0-9a-f]{64}$'`),
    check('operator_sessions_proof', oneOf('proof', SESSION_PROOFS)),
    check('operator_sessions_proven', sql`(proof = 'declared') = (factor_id is null)`),
  ],
)
