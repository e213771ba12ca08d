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

/** The tables of runs: each run, and the matches of lines with attempts that it found. */

/** Each run: what it looked at, with which settings, and what it counted. */
export const reconRuns = pgTable(
  'recon_runs',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    startedAt: at('started_at').notNull().defaultNow(),
    /** Null: it is under way, or its process ended before it did. Another run does what it left. */
    finishedAt: at('finished_at'),
    periodFrom: at('period_from').notNull(),
    periodTo: at('period_to').notNull(),
    actor: text('actor').notNull(),
    settings: jsonb('settings').notNull(),
    counts: jsonb('counts'),
    /** The day a scheduler ran it for. */
    scheduledFor: date('scheduled_for'),
  },
  (run) => [uniqueIndex('recon_runs_once_a_day').on(run.scheduledFor).where(sql`finished_at is not null`)],
)

/** A line and the attempt it is the execution of. Without foreign keys, as the lines. */
export const statementMatches = pgTable(
  'statement_matches',
  {
    statementId: integer('statement_id').notNull(),
    lineNumber: integer('line_number').notNull(),
    orderId: uuid('order_id').notNull(),
    seq: integer('seq').notNull(),
    rule: text('rule', { enum: MATCH_RULES }).notNull(),
    /** Whether anything at all is unequal; what may be unequal is decided when breaks are looked for. */
    differs: boolean('differs').notNull(),
    /** False once the statement was replaced. */
    current: boolean('current').notNull().default(true),
    runId: bigint('run_id', { mode: 'bigint' }).notNull(),
  },
  (match) => [
    primaryKey({ columns: [match.statementId, match.lineNumber] }),
    uniqueIndex('statement_matches_one_line_per_attempt').on(match.orderId, match.seq).where(sql`current`),
    index('statement_matches_differing').on(match.orderId).where(sql`differs and current`),
    // Matches come run by run.
    index('statement_matches_run_id').using('brin', match.runId),
    check('statement_matches_rule', oneOf('rule', MATCH_RULES)),
  ],
)
