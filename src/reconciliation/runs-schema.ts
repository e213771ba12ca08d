import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { MATCH_RULES } from './enums.ts'
import type { RunCounts } from './run-counts.ts'
import type { RunSettings } from './settings.ts'

/** Each run: its period, its settings and its counts. */
export const reconRuns = pgTable(
  'recon_runs',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    startedAt: at('started_at').notNull().defaultNow(),
    /** Null: the run is under way, or its process ended before it finished. Another run does what it left. */
    finishedAt: at('finished_at'),
    periodFrom: at('period_from').notNull(),
    periodTo: at('period_to').notNull(),
    actor: text('actor').notNull(),
    settings: jsonb('settings').$type<RunSettings>().notNull(),
    counts: jsonb('counts').$type<RunCounts>(),
    /** The day a scheduler ran it for. */
    scheduledFor: date('scheduled_for'),
  },
  (run) => [uniqueIndex('recon_runs_once_a_day').on(run.scheduledFor).where(sql`finished_at is not null`)],
)

/** A line and the attempt whose execution it is. No foreign keys, as for lines. */
export const statementMatches = pgTable(
  'statement_matches',
  {
    statementId: integer('statement_id').notNull(),
    lineNumber: integer('line_number').notNull(),
    orderId: uuid('order_id').notNull(),
    seq: integer('seq').notNull(),
    rule: text('rule', { enum: MATCH_RULES }).notNull(),
    /** Whether line and attempt differ in anything; tolerances are applied when breaks are looked for. */
    differs: boolean('differs').notNull(),
    /** False once the statement was replaced. */
    current: boolean('current').notNull().default(true),
    runId: bigint('run_id', { mode: 'bigint' }).notNull(),
  },
  (match) => [
    primaryKey({ columns: [match.statementId, match.lineNumber] }),
    uniqueIndex('statement_matches_one_line_per_attempt').on(match.orderId, match.seq).where(sql`current`),
    index('statement_matches_differing').on(match.orderId).where(sql`differs and current`),
    // Matches are inserted run by run.
    index('statement_matches_run_id').using('brin', match.runId),
    check('statement_matches_rule', oneOf('rule', MATCH_RULES)),
  ],
)
