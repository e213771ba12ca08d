import { sql } from 'drizzle-orm'
import { boolean, customType, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { ORDER_KINDS } from '../orders/command.ts'
import { attempts, orders } from '../orders/schema.ts'
import { at, goldWeight, rupiahAmount } from '../postgres/columns.ts'
import { doubtEvidence } from './doubts-schema.ts'
import { statementMatches } from './runs-schema.ts'
import {
  currentStatementLines,
  lineColumns,
  statementLines,
  statementRepeats,
  statements,
} from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { attempt, heldDoubts, line, match, scope } from './work-tables.ts'

/** The temporary tables that say what statements have about doubts. Set-based, because there may be many of both. */

const range = customType<{ data: string }>({ dataType: () => 'tstzrange' })
const ranges = customType<{ data: string }>({ dataType: () => 'tstzmultirange' })

/** The doubts that no match settled, with the times in which they may have been executed. */
export const leftDoubts = pgTable('left_doubts', {
  orderId: uuid('order_id').notNull(),
  seq: integer('seq').notNull(),
  kind: text('kind', { enum: ORDER_KINDS }).notNull(),
  phoneNumber: text('phone_number').notNull(),
  wallet: text('wallet').notNull(),
  recipient: text('recipient'),
  goldWeight: goldWeight('gold_weight').notNull(),
  amount: rupiahAmount('amount'),
  quoteId: text('quote_id').notNull(),
  sentFrom: at('sent_from').notNull(),
  sentTo: at('sent_to').notNull(),
  /** With the run's lag. */
  send: range('send').notNull(),
  /** With the lag that absence must be covered with. */
  surely: range('surely').notNull(),
})

/** The current statements about the time of a doubt, a day more on either side. */
export const nearStatements = pgTable('near_statements', {
  id: integer('id').notNull(),
  source: text('source').notNull(),
  complete: boolean('complete').notNull(),
  approved: boolean('approved').notNull(),
  period: range('period').notNull(),
  badLineCount: integer('bad_line_count').notNull(),
  ignoredCount: integer('ignored_count').notNull(),
})

/** Every source, with the times that its complete and its approved statements cover. */
export const sources = pgTable('sources', {
  source: text('source').notNull(),
  complete: ranges('complete').notNull(),
  approved: ranges('approved').notNull(),
})

/** The lines near doubts that may be the execution of one. */
export const speakingLines = pgTable('speaking_lines', {
  ...lineColumns(),
  wallet: text('wallet').notNull(),
  about: range('about').notNull(),
})

/** The hours of lines that equal an order whose execution is known independently. */
export const witnesses = pgTable('witnesses', {
  source: text('source').notNull(),
  kind: text('kind', { enum: ORDER_KINDS }).notNull(),
  at: at('at').notNull(),
})

// A wrong zone, or a line without a time of day, shifts a time by less than a day.
export const NEAR = sql`interval '1 day'`

const KEEP_LEFT_DOUBTS = workStatement(
  'keep_left_doubts',
  sql`
    CREATE TEMP TABLE left_doubts ON COMMIT DROP AS
    SELECT ${attempt.orderId}, ${attempt.seq}, ${attempt.kind}, ${attempt.phoneNumber}, wallet_tail(${attempt.phoneNumber}) AS wallet,
      CASE ${attempt.kind} WHEN 'transfer' THEN wallet_tail(${orders.content} ->> 'recipient') END AS recipient,
      ${attempt.quotedGoldWeight} AS gold_weight, ${attempt.quotedAmount} AS amount, ${attempt.quoteId}, ${attempt.intentAt} - ${scope.slack} AS sent_from,
      ${attempt.endedAt} + ${scope.absenceLag} + ${scope.slack} AS sent_to,
      tstzrange(${attempt.intentAt} - ${scope.slack}, ${attempt.endedAt} + ${scope.lag}) AS send,
      tstzrange(${attempt.intentAt} - ${scope.slack}, ${attempt.endedAt} + ${scope.absenceLag}) AS surely
    FROM ${scope} CROSS JOIN ${heldDoubts}
    JOIN ${attempts} ${attempt} ON ${attempt.orderId} = ${heldDoubts.orderId} AND ${attempt.seq} = ${heldDoubts.seq}
    JOIN ${orders} ON ${orders.id} = ${attempt.orderId}
    WHERE NOT EXISTS (SELECT 1 FROM ${doubtEvidence} WHERE ${doubtEvidence.orderId} = ${attempt.orderId})`,
)

const KEEP_NEAR_STATEMENTS = workStatement(
  'keep_near_statements',
  sql`
    CREATE TEMP TABLE near_statements ON COMMIT DROP AS
    SELECT ${statements.id}, ${statements.source}, ${statements.complete}, ${statements.complete} AND is_approved_complete(${statements.id}) AS approved,
      tstzrange(${statements.periodFrom}, ${statements.periodTo}) AS period, ${statements.badLineCount},
        coalesce((${statements.ignoredRows} ->> 'ignored_kinds')::int, 0) AS ignored_count
    FROM ${statements}
    WHERE ${statements.replacedAt} IS NULL AND EXISTS (SELECT 1 FROM ${leftDoubts}
      WHERE tstzrange(${statements.periodFrom} - ${NEAR}, ${statements.periodTo} + ${NEAR}) && ${leftDoubts.surely})`,
)

// A source without a statement of the time could hide the execution, so every source counts.
const KEEP_SOURCES = workStatement(
  'keep_sources',
  sql`
    CREATE TEMP TABLE sources ON COMMIT DROP AS
    SELECT ${statements.source},
      coalesce(range_agg(tstzrange(${statements.periodFrom}, ${statements.periodTo})) FILTER (WHERE ${statements.complete}), '{}') AS complete,
      coalesce(range_agg(${nearStatements.period}) FILTER (WHERE ${nearStatements.approved}), '{}') AS approved
    FROM ${statements} LEFT JOIN ${nearStatements} ON ${nearStatements.id} = ${statements.id}
    WHERE ${statements.replacedAt} IS NULL GROUP BY ${statements.source}`,
)

// Lines that suggest an execution: unmatched ones, and those that are matched with a doubt without settling it.
const KEEP_SPEAKING_LINES = workStatement(
  'keep_speaking_lines',
  sql`
    CREATE TEMP TABLE speaking_lines ON COMMIT DROP AS
    SELECT ${line}.*, wallet_tail(${line.phoneNumber}) AS wallet,
      tstzrange(lower(${nearStatements.period}) - ${NEAR}, upper(${nearStatements.period}) + ${NEAR}) AS about
    FROM ${nearStatements} JOIN ${currentStatementLines} ${line} ON ${line.statementId} = ${nearStatements.id}
    WHERE NOT EXISTS (SELECT 1 FROM ${statementMatches} ${match}
      WHERE ${match.statementId} = ${line.statementId} AND ${match.lineNumber} = ${line.lineNumber}
        AND NOT EXISTS (SELECT 1 FROM ${leftDoubts} WHERE ${leftDoubts.orderId} = ${match.orderId} AND ${leftDoubts.seq} = ${match.seq}))`,
)

// A match without differences means that the execution was known when it was matched. An order that a statement settled
// is no witness for statements.
const KEEP_WITNESSES = workStatement(
  'keep_witnesses',
  sql`
    CREATE TEMP TABLE witnesses ON COMMIT DROP AS
    SELECT DISTINCT ${nearStatements.source}, ${line.kind}, date_trunc('hour', ${line.executedAt}) AS at
    FROM ${nearStatements}
    JOIN ${statementLines} ${line} ON ${line.statementId} = ${nearStatements.id}
    LEFT JOIN ${statementRepeats} ON ${statementRepeats.statementId} = ${line.statementId} AND ${statementRepeats.lineNumber} = ${line.lineNumber}
    JOIN ${statementMatches} ${match} ON ${match.current} AND NOT ${match.differs}
      AND ${match.statementId} = coalesce(${statementRepeats.ofStatementId}, ${line.statementId})
      AND ${match.lineNumber} = coalesce(${statementRepeats.ofLineNumber}, ${line.lineNumber})
    WHERE ${nearStatements.complete} AND NOT EXISTS (SELECT 1 FROM ${doubtEvidence} WHERE ${doubtEvidence.orderId} = ${match.orderId})`,
)

/** Creates the tables that the facts are read from. `held_doubts` and their matches must exist. */
export const CREATE_TABLES = [
  KEEP_LEFT_DOUBTS,
  KEEP_NEAR_STATEMENTS,
  KEEP_SOURCES,
  KEEP_SPEAKING_LINES,
  KEEP_WITNESSES,
  {
    name: 'learn_doubt_sizes',
    text: 'ANALYZE left_doubts, near_statements, sources, speaking_lines, witnesses',
  },
]
