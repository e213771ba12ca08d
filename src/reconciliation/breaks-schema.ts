import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  serial,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, grams, oneOf, rupiah } from '../postgres/columns.ts'
import { BREAK_REASONS, BREAK_TYPE_NAMES } from './enums.ts'

/** Differences between statements and orders. The key makes a difference that is found again the same break. */
export const breaks = pgTable(
  'breaks',
  {
    id: serial('id').primaryKey(),
    key: text('key').notNull(),
    type: text('type', { enum: BREAK_TYPE_NAMES }).notNull(),
    orderId: uuid('order_id'),
    statementId: integer('statement_id'),
    lineNumber: integer('line_number'),
    rupiahAtRisk: rupiah('rupiah_at_risk').notNull(),
    gramsAtRisk: grams('grams_at_risk').notNull(),
    /** The unequal values: `ours` and `theirs`. */
    difference: jsonb('difference').$type<Readonly<Record<string, unknown>>>().notNull(),
    state: text('state', { enum: ['open', 'closed'] }).notNull(),
    owner: text('owner'),
    openedAt: at('opened_at').notNull().defaultNow(),
    dueAt: at('due_at').notNull(),
    closedAt: at('closed_at'),
    /** Reason, actor and note of the last change; the trigger copies them into break_events. */
    reason: text('reason', { enum: BREAK_REASONS }).notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
    runId: bigint('run_id', { mode: 'bigint' }),
  },
  (row) => [
    uniqueIndex('breaks_key').on(row.key),
    index('breaks_open').on(row.dueAt).where(sql`state = 'open'`),
    index('breaks_order_id').on(row.orderId),
    check('breaks_type', oneOf('type', BREAK_TYPE_NAMES)),
    check('breaks_reason', oneOf('reason', BREAK_REASONS)),
    check('breaks_state', sql`state in ('open', 'closed') and (state = 'closed') = (closed_at is not null)`),
    check('breaks_closed_by', sql`(state = 'closed') = (reason in ('explained', 'written_off'))`),
    check('breaks_at_risk', sql`rupiah_at_risk >= 0 and grams_at_risk >= 0`),
  ],
)

/** The history of each break, which the trigger writes. */
export const breakEvents = pgTable(
  'break_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    breakId: integer('break_id').notNull(),
    at: at('at').notNull(),
    reason: text('reason', { enum: BREAK_REASONS }).notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
    owner: text('owner'),
    rupiahAtRisk: rupiah('rupiah_at_risk').notNull(),
    gramsAtRisk: grams('grams_at_risk').notNull(),
    runId: bigint('run_id', { mode: 'bigint' }),
  },
  (event) => [
    index('break_events_break_id').on(event.breakId),
    index('break_events_at').using('brin', event.at).with({ autosummarize: true }),
  ],
)
