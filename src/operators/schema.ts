import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { ACT_PROOFS, IDENTITIES, OPERATOR_EVENTS, ROLES } from './enums.ts'

/**
 * The people who operate the installation, how they prove who they are, and who acts in which transaction. The functions and
 * triggers of the hand-written migration hold the rules.
 */

/** One row: whether the people of this installation are proven. A database is born proven. */
export const installation = pgTable(
  'installation',
  {
    one: integer('one').primaryKey().default(1),
    /** Names the installation where operators keep their tokens. */
    id: uuid('id').notNull().defaultRandom(),
    identity: text('identity', { enum: IDENTITIES }).notNull(),
    since: at('since').notNull().defaultNow(),
    /** SHA-256 of the key by which Postgres knows the console, in hex. The owner of the tables sets it. */
    consoleKeyHash: text('console_key_hash'),
  },
  () => [
    check('installation_is_one', sql`one = 1`),
    check('installation_identity', oneOf('identity', IDENTITIES)),
  ],
)

export const operators = pgTable(
  'operators',
  {
    id: serial('id').primaryKey(),
    name: text('name').notNull(),
    roles: text('roles', { enum: ROLES }).array().notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    /** Null: enabled. */
    disabledAt: at('disabled_at'),
    /** Who made the last change, and why; the trigger copies both into operator_events. */
    actor: text('actor').notNull(),
    note: text('note'),
    /** When the operator was last an admin; null before that has ended. */
    adminUntil: at('admin_until'),
    /** The change request by which two admins approved the last grant. */
    requestId: integer('request_id'),
  },
  (operator) => [
    // Two spellings of a name are one person, for ever: names of disabled operators are not free again.
    uniqueIndex('operators_one_person').on(sql`person_key(${operator.name})`),
    // A slash is the mark of a partner's holder: acme/finance.
    check(
      'operators_name',
      sql`is_person_name(name) and length(name) <= 200 and strpos(person_key(name), '/') = 0`,
    ),
    check(
      'operators_roles',
      sql`cardinality(roles) > 0 and roles <@ ${sql.raw(`array['${ROLES.join("', '")}']`)}`,
    ),
  ],
)

/** Tokens by which operators prove who they are. A token is printed once; only its hash is stored. */
export const operatorTokens = pgTable(
  'operator_tokens',
  {
    /** The visible beginning of the token, by which it is found and named. */
    prefix: text('prefix').primaryKey(),
    operatorId: integer('operator_id').notNull(),
    /** SHA-256 of the whole token, in hex. */
    secretHash: text('secret_hash').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at'),
    revokedAt: at('revoked_at'),
    actor: text('actor').notNull(),
  },
  (token) => [
    foreignKey({
      columns: [token.operatorId],
      foreignColumns: [operators.id],
      name: 'operator_tokens_operator_id_fk',
    }),
    index('operator_tokens_operator_id').on(token.operatorId),
    check('operator_tokens_prefix', sql`prefix ~ '^[a-z0-9]{12}$'`),
    check('operator_tokens_secret_hash', sql`secret_hash ~ '^[0-9a-f]{64}$'`),
  ],
)

/** What happened to operators, their tokens and what they sign in by; written by triggers and functions. */
export const operatorEvents = pgTable(
  'operator_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    operatorId: integer('operator_id').notNull(),
    at: at('at').notNull(),
    event: text('event', { enum: OPERATOR_EVENTS }).notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
    /** The roles, or the token's prefix and end. Never a token or its hash. */
    detail: jsonb('detail').notNull(),
  },
  (event) => [
    index('operator_events_operator_id').on(event.operatorId),
    check('operator_events_event', oneOf('event', OPERATOR_EVENTS)),
  ],
)

/** Who acted in which transaction, and how that was known. Only the functions of the migration write it. */
export const operatorActs = pgTable(
  'operator_acts',
  {
    /** The transaction's id, and its start: ids begin anew when a dump is restored into another server. */
    xid: bigint('xid', { mode: 'bigint' }).notNull(),
    at: at('at').notNull(),
    /** Null: the name was declared. */
    operatorId: integer('operator_id'),
    name: text('name').notNull(),
    /** `declared`: anybody may have typed the name. */
    proof: text('proof', { enum: ACT_PROOFS }).notNull(),
    tokenPrefix: text('token_prefix'),
    /** The beginning of the session's id. */
    sessionPrefix: text('session_prefix'),
    /** The command, such as `orders approve`. */
    command: text('command'),
  },
  (act) => [
    // One transaction has one person.
    primaryKey({ columns: [act.xid, act.at] }),
    index('operator_acts_at').on(act.at),
    check('operator_acts_proof', oneOf('proof', ACT_PROOFS)),
    check(
      'operator_acts_proven',
      sql`(proof <> 'declared') = (operator_id is not null) and (proof = 'token') = (token_prefix is not null)
        and (proof in ('password', 'oidc')) = (session_prefix is not null)`,
    ),
  ],
)
