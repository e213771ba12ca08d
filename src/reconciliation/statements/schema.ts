import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  pgView,
  primaryKey,
  serial,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { ORDER_KINDS } from '../../orders/command.ts'
import { at, goldWeight, ONE_FORM_OF_PHONE_NUMBER, oneOf, rupiahAmount } from '../../postgres/columns.ts'
import type { IgnoredRows } from './ignored-rows.ts'
import type { Mapping } from './mapping.ts'

/** How a source's statements are read. A change is a new version; statements name the version they were read with. */
export const statementMappings = pgTable(
  'statement_mappings',
  {
    name: text('name').notNull(),
    version: integer('version').notNull(),
    mapping: jsonb('mapping').$type<Mapping>().notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
  },
  (mapping) => [primaryKey({ columns: [mapping.name, mapping.version] })],
)

/** One imported file: its source, its period, and whether it is declared to have every transaction of the period. */
export const statements = pgTable(
  'statements',
  {
    id: serial('id').primaryKey(),
    source: text('source').notNull(),
    periodFrom: at('period_from').notNull(),
    /** Exclusive. */
    periodTo: at('period_to').notNull(),
    /** Only a complete statement can prove that something did not happen. */
    complete: boolean('complete').notNull(),
    /** SHA-256 of the uncompressed file. */
    contentHash: text('content_hash').notNull(),
    mappingName: text('mapping_name').notNull(),
    mappingVersion: integer('mapping_version').notNull(),
    fileName: text('file_name').notNull(),
    lineCount: integer('line_count').notNull(),
    /** Lines that could not be read; statement_bad_lines has them. */
    badLineCount: integer('bad_line_count').notNull(),
    /** How many rows are no transactions, by the rule that says so. */
    ignoredRows: jsonb('ignored_rows').$type<Partial<IgnoredRows>>().notNull().default({}),
    importedAt: at('imported_at').notNull().defaultNow(),
    importedBy: text('imported_by').notNull(),
    /** Set when another import replaced it: the statement stays, and no line of it is matched any more. */
    replacedAt: at('replaced_at'),
    replacedBy: integer('replaced_by'),
  },
  (statement) => [
    uniqueIndex('statements_same_file')
      .on(statement.source, statement.contentHash)
      .where(sql`replaced_at is null`),
    foreignKey({
      columns: [statement.mappingName, statement.mappingVersion],
      foreignColumns: [statementMappings.name, statementMappings.version],
      name: 'statements_mapping_fk',
    }),
    check('statements_period', sql`period_from < period_to`),
    check('statements_complete', sql`not complete or (bad_line_count = 0 and period_to <= imported_at)`),
    check('statements_replaced', sql`(replaced_at is null) = (replaced_by is null)`),
  ],
)

/** The columns of a line, for the table, the view of current lines and the temporary tables of a run. */
export const lineColumns = () => ({
  statementId: integer('statement_id').notNull(),
  /** The line of the file it began on; the header is line 1. */
  lineNumber: integer('line_number').notNull(),
  sessionId: text('session_id'),
  responseId: text('response_id'),
  requestId: text('request_id'),
  kind: text('kind', { enum: ORDER_KINDS }).notNull(),
  /** The national form, 08…. */
  phoneNumber: text('phone_number').notNull(),
  goldWeight: goldWeight('gold_weight').notNull(),
  amount: rupiahAmount('amount').notNull(),
  /** Null: the statement does not say. */
  fee: rupiahAmount('fee'),
  executedAt: at('executed_at').notNull(),
  /** Exclusive end of the time it may have been executed in; null when the line has a time of day. */
  executedTo: at('executed_to'),
})

/**
 * The transactions of a statement. No foreign key: a check per line would cost more than the import itself, and a
 * statement's lines are written in the transaction that writes the statement.
 */
export const statementLines = pgTable('statement_lines', lineColumns(), (line) => [
  primaryKey({ columns: [line.statementId, line.lineNumber] }),
  // Statements arrive roughly in the order of time, so a small index finds a period among millions of lines.
  index('statement_lines_executed_at').using('brin', line.executedAt),
  check('statement_lines_wallet', ONE_FORM_OF_PHONE_NUMBER),
  check('statement_lines_kind', oneOf('kind', ORDER_KINDS)),
  check('statement_lines_time', sql`executed_to > executed_at`),
  check('statement_lines_positive', sql`gold_weight > 0 and amount >= 0 and fee >= 0`),
])

/**
 * Lines that equal a line of an earlier statement of the same source, as in a day's statement and its month's. They
 * count once while the earlier statement is not replaced.
 */
export const statementRepeats = pgTable(
  'statement_repeats',
  {
    statementId: integer('statement_id').notNull(),
    lineNumber: integer('line_number').notNull(),
    ofStatementId: integer('of_statement_id').notNull(),
    ofLineNumber: integer('of_line_number').notNull(),
  },
  (repeat) => [primaryKey({ columns: [repeat.statementId, repeat.lineNumber, repeat.ofStatementId] })],
)

/** Lines that `--skip-bad` set aside, each with its problem. Phone numbers are masked. */
export const statementBadLines = pgTable(
  'statement_bad_lines',
  {
    statementId: integer('statement_id').notNull(),
    lineNumber: integer('line_number').notNull(),
    column: text('column_name'),
    problem: text('problem').notNull(),
    maskedText: text('masked_text').notNull(),
  },
  (line) => [primaryKey({ columns: [line.statementId, line.lineNumber] })],
)

/** The lines that count: of statements that are not replaced, each repeated line once. */
export const currentStatementLines = pgView('current_statement_lines', {
  ...lineColumns(),
  source: text('source').notNull(),
}).existing()
