import { sql } from 'drizzle-orm'
import { bigserial, boolean, check, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { CONSOLE_EVENTS } from './enums.ts'

/** Who is signed in at the console. A session's secret is in the browser's cookie; only its hash is stored. */
export const consoleSessions = pgTable(
  'console_sessions',
  {
    /** SHA-256 of the secret, in hex. */
    id: text('id').primaryKey(),
    operator: text('operator').notNull(),
    /** The operator's proof of identity, encrypted with a key that only the cookie gives; null where names are declared. */
    proof: text('proof'),
    createdAt: at('created_at').notNull().defaultNow(),
    seenAt: at('seen_at').notNull().defaultNow(),
    /** The session ends then, however much it is used. */
    endsAt: at('ends_at').notNull(),
    /** Signed out, or revoked. */
    endedAt: at('ended_at'),
  },
  (session) => [
    index('console_sessions_operator').on(session.operator),
    check('console_sessions_id', sql`id ~ '^[0-9a-f]{64}$'`),
  ],
)

/** Failed sign-ins per name and per address: after some, the next ones must wait. */
export const consoleThrottles = pgTable('console_throttles', {
  /** `name:` or `address:`, and a hash of it. */
  key: text('key').primaryKey(),
  failures: integer('failures').notNull(),
  lastAt: at('last_at').notNull().defaultNow(),
  blockedUntil: at('blocked_until'),
  /** Whether the last attempt may be tried. */
  letThrough: boolean('let_through').notNull(),
})

/** What people did at the console besides their commands, which the rooms of the commands record. */
export const consoleEvents = pgTable(
  'console_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    at: at('at').notNull().defaultNow(),
    operator: text('operator').notNull(),
    event: text('event', { enum: CONSOLE_EVENTS }).notNull(),
    /** What it was about, such as an order's id. */
    subject: text('subject'),
    /** From which network address. */
    address: text('address'),
  },
  (event) => [
    index('console_events_at').on(event.at),
    check('console_events_event', oneOf('event', CONSOLE_EVENTS)),
  ],
)
