import { bigserial, boolean, check, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { CONSOLE_EVENTS } from './enums.ts'

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
