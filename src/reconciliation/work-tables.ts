import { sql } from 'drizzle-orm'
import {
  alias,
  type BuildAliasTable,
  bigint,
  customType,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import { attempts } from '../orders/schema.ts'
import { goldWeight, grams, rupiah, rupiahAmount } from '../postgres/columns.ts'
import { BREAK_TYPE_NAMES } from './enums.ts'
import { statementMatches } from './runs-schema.ts'
import { currentStatementLines } from './statements/schema.ts'

/**
 * Temporary tables of a run, dropped at its COMMIT. They are declared outside of the schema files, so that no migration
 * creates them. `left_lines` has the columns of current_statement_lines, `left_attempts` those of attempts.
 */

const interval = customType<{ data: string }>({ dataType: () => 'interval' })
const time = (name: string) => timestamp(name, { withTimezone: true })

/** One row: the bounds of the run, which every statement of it reads here. */
export const scope = pgTable('scope', {
  runId: bigint('run_id', { mode: 'bigint' }).notNull(),
  actor: text('actor').notNull(),
  periodFrom: time('period_from').notNull(),
  periodTo: time('period_to').notNull(),
  slack: interval('slack').notNull(),
  lag: interval('lag').notNull(),
  absenceLag: interval('absence_lag').notNull(),
  amountTolerance: rupiahAmount('amount_tolerance').notNull(),
  feeTolerance: rupiahAmount('fee_tolerance').notNull(),
  weightTolerance: goldWeight('weight_tolerance').notNull(),
})

/** The attempts in doubt whose rows this run has locked. */
export const heldDoubts = pgTable('held_doubts', {
  orderId: uuid('order_id').notNull(),
  seq: integer('seq').notNull(),
})

/** The differences that this run found. */
export const findings = pgTable('findings', {
  key: text('key').primaryKey(),
  type: text('type', { enum: BREAK_TYPE_NAMES }).notNull(),
  orderId: uuid('order_id'),
  statementId: integer('statement_id'),
  lineNumber: integer('line_number'),
  rupiahAtRisk: rupiah('rupiah_at_risk').notNull(),
  gramsAtRisk: grams('grams_at_risk').notNull(),
  difference: jsonb('difference').notNull(),
})

/** The names of a line, an attempt and a match in work statements. */
export const line: BuildAliasTable<typeof currentStatementLines, 'line'> = alias(
  currentStatementLines,
  'line',
)
export const attempt: BuildAliasTable<typeof attempts, 'attempt'> = alias(attempts, 'attempt')
export const match: BuildAliasTable<typeof statementMatches, 'match'> = alias(statementMatches, 'match')

/** The last moment at which a line may have been executed: without a time of day, the end of its day. */
export const LATEST = sql`coalesce(${line.executedTo}, ${line.executedAt})`
