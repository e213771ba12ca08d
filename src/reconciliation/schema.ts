import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  check,
  date,
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
import { ORDER_KINDS } from '../orders/command.ts'
import { orders } from '../orders/schema.ts'
import { at, grams, ONE_FORM_OF_PHONE_NUMBER, oneOf, rupiah } from '../postgres/columns.ts'
import { BREAK_REASONS, BREAK_TYPES, DECISIONS, MATCH_RULES, STAY_REASONS } from './enums.ts'

/**
 * The tables of reconciliation. What is legal beyond their checks is held by the triggers of the hand-written
 * migrations: rows are kept, proposals are decided once and by another person, a doubt ends only with its evidence.
 */

/** How a source's statements are read. A change is a new version; statements name the one they were read with. */
export const statementMappings = pgTable(
  'statement_mappings',
  {
    name: text('name').notNull(),
    version: integer('version').notNull(),
    mapping: jsonb('mapping').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
  },
  (mapping) => [primaryKey({ columns: [mapping.name, mapping.version] })],
)

/** One imported file: whose, for when, and whether it declares to have everything of that time. */
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
    /** Lines that could not be read and lie in statement_bad_lines. */
    badLineCount: integer('bad_line_count').notNull(),
    /** How many rows were no lines, by the rule that says so: nothing is left out unseen. */
    ignoredRows: jsonb('ignored_rows').notNull().default({}),
    importedAt: at('imported_at').notNull().defaultNow(),
    importedBy: text('imported_by').notNull(),
    /** Set when another import took its place: it is kept, and nothing is matched against it any more. */
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

/**
 * The transactions of a statement. No foreign key: one check a line would cost more than the import itself,
 * and a statement's lines are written in the transaction that writes the statement, or not at all.
 */
export const statementLines = pgTable(
  'statement_lines',
  {
    statementId: integer('statement_id').notNull(),
    /** The line of the file it began on; the header is line 1. */
    lineNumber: integer('line_number').notNull(),
    sessionId: text('session_id'),
    responseId: text('response_id'),
    requestId: text('request_id'),
    kind: text('kind', { enum: ORDER_KINDS }).notNull(),
    /** In its national form, 08…. */
    phoneNumber: text('phone_number').notNull(),
    goldWeight: grams('gold_weight').notNull(),
    amount: rupiah('amount').notNull(),
    /** Null: the statement does not tell. */
    fee: rupiah('fee'),
    executedAt: at('executed_at').notNull(),
    /** Exclusive end of the time it may have been executed in; null when the line tells the minute. */
    executedTo: at('executed_to'),
  },
  (line) => [
    primaryKey({ columns: [line.statementId, line.lineNumber] }),
    // Statements come roughly in the order of time, so a few pages of index find a period among millions of lines.
    index('statement_lines_executed_at').using('brin', line.executedAt),
    check('statement_lines_wallet', ONE_FORM_OF_PHONE_NUMBER),
    check('statement_lines_kind', oneOf('kind', ORDER_KINDS)),
    check('statement_lines_time', sql`executed_to > executed_at`),
    check('statement_lines_positive', sql`gold_weight > 0 and amount >= 0 and fee >= 0`),
  ],
)

/**
 * Lines that an earlier statement of the same source has in the very same words: a day's statement and its month's.
 * They count once, for as long as the earlier statement is not replaced.
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

/** Lines set aside by `--skip-bad`, with what is wrong with them. Phone numbers are masked. */
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

/** What a doubt was settled by: a line, or complete statements that do not have one. Written before the order moves. */
export const doubtEvidence = pgTable(
  'doubt_evidence',
  {
    orderId: uuid('order_id').primaryKey(),
    verdict: text('verdict', { enum: ['succeeded', 'rejected'] }).notNull(),
    rule: text('rule', { enum: [...MATCH_RULES, 'absence'] }).notNull(),
    statementId: integer('statement_id'),
    lineNumber: integer('line_number'),
    /** The complete statements that cover the time in which it may have been executed. */
    coveringStatements: integer('covering_statements').array(),
    runId: bigint('run_id', { mode: 'bigint' }).notNull(),
    at: at('at').notNull().defaultNow(),
  },
  (evidence) => [
    foreignKey({
      columns: [evidence.orderId],
      foreignColumns: [orders.id],
      name: 'doubt_evidence_order_id_fk',
    }),
    check(
      'doubt_evidence_names_its_source',
      sql`(verdict = 'succeeded' and rule <> 'absence' and statement_id is not null and line_number is not null and covering_statements is null)
        or (verdict = 'rejected' and rule = 'absence' and statement_id is null and line_number is null and cardinality(covering_statements) > 0)`,
    ),
    check('doubt_evidence_rule', oneOf('rule', [...MATCH_RULES, 'absence'])),
  ],
)

/** Why an order was left in doubt by the last run that looked at it. */
export const doubtStays = pgTable(
  'doubt_stays',
  {
    orderId: uuid('order_id').primaryKey(),
    message: text('because').notNull(),
    runId: bigint('run_id', { mode: 'bigint' }).notNull(),
  },
  () => [check('doubt_stays_because', oneOf('because', Object.keys(STAY_REASONS)))],
)

/** What does not agree. Its key makes the same difference, found again, the same break. */
export const breaks = pgTable(
  'breaks',
  {
    id: serial('id').primaryKey(),
    key: text('key').notNull(),
    type: text('type').notNull(),
    orderId: uuid('order_id'),
    statementId: integer('statement_id'),
    lineNumber: integer('line_number'),
    rupiahAtRisk: rupiah('rupiah_at_risk').notNull(),
    gramsAtRisk: grams('grams_at_risk').notNull(),
    /** What is unequal: `ours` and `theirs`. */
    difference: jsonb('difference').notNull(),
    state: text('state', { enum: ['open', 'closed'] }).notNull(),
    owner: text('owner'),
    openedAt: at('opened_at').notNull().defaultNow(),
    dueAt: at('due_at').notNull(),
    closedAt: at('closed_at'),
    /** Of the last change; the trigger copies them into break_events. */
    reason: text('reason', { enum: BREAK_REASONS }).notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
    runId: bigint('run_id', { mode: 'bigint' }),
  },
  (row) => [
    uniqueIndex('breaks_key').on(row.key),
    index('breaks_open').on(row.dueAt).where(sql`state = 'open'`),
    index('breaks_order_id').on(row.orderId),
    check('breaks_type', oneOf('type', Object.keys(BREAK_TYPES))),
    check('breaks_reason', oneOf('reason', BREAK_REASONS)),
    check('breaks_state', sql`state in ('open', 'closed') and (state = 'closed') = (closed_at is not null)`),
    check('breaks_closed_by', sql`(state = 'closed') = (reason in ('explained', 'written_off'))`),
    check('breaks_at_risk', sql`rupiah_at_risk >= 0 and grams_at_risk >= 0`),
  ],
)

/** The history of each break, written by the trigger. */
export const breakEvents = pgTable(
  'break_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    breakId: integer('break_id').notNull(),
    at: at('at').notNull(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
    owner: text('owner'),
    rupiahAtRisk: rupiah('rupiah_at_risk').notNull(),
    gramsAtRisk: grams('grams_at_risk').notNull(),
    runId: bigint('run_id', { mode: 'bigint' }),
  },
  (event) => [index('break_events_break_id').on(event.breakId)],
)

/** A decision that one person proposes and another approves. */
export const proposals = pgTable(
  'proposals',
  {
    id: serial('id').primaryKey(),
    breakId: integer('break_id'),
    orderId: uuid('order_id'),
    /** The statement that is said to be complete. */
    statementId: integer('statement_id'),
    /** The source whose complete statements are said to need no approval of their own. */
    source: text('source'),
    decision: text('decision', { enum: DECISIONS }).notNull(),
    note: text('note').notNull(),
    /** Evidence, and what the executed transaction was: ids, grams, rupiah, fee. Of a shorter lag: its minutes. */
    facts: jsonb('facts').notNull(),
    proposedBy: text('proposed_by').notNull(),
    proposedAt: at('proposed_at').notNull().defaultNow(),
    state: text('state', { enum: ['open', 'approved', 'declined'] }).notNull(),
    decidedBy: text('decided_by'),
    decidedAt: at('decided_at'),
    decisionNote: text('decision_note'),
    /** A team of one: the same person may approve, and the audit says so. */
    alone: boolean('alone').notNull().default(false),
  },
  (proposal) => [
    foreignKey({ columns: [proposal.breakId], foreignColumns: [breaks.id], name: 'proposals_break_id_fk' }),
    foreignKey({ columns: [proposal.orderId], foreignColumns: [orders.id], name: 'proposals_order_id_fk' }),
    foreignKey({
      columns: [proposal.statementId],
      foreignColumns: [statements.id],
      name: 'proposals_statement_id_fk',
    }),
    uniqueIndex('proposals_one_open_per_break').on(proposal.breakId).where(sql`state = 'open'`),
    uniqueIndex('proposals_one_open_per_order').on(proposal.orderId).where(sql`state = 'open'`),
    uniqueIndex('proposals_one_open_per_statement').on(proposal.statementId).where(sql`state = 'open'`),
    uniqueIndex('proposals_one_open_per_source').on(proposal.source).where(sql`state = 'open'`),
    uniqueIndex('proposals_one_open_lag')
      .on(proposal.decision)
      .where(sql`state = 'open' and decision = 'lag_shortened'`),
    check(
      'proposals_subject',
      sql`num_nonnulls(break_id, order_id, statement_id, source) = (decision <> 'lag_shortened')::int and (
        (decision = 'write_off' and break_id is not null)
        or (decision in ('order_executed', 'order_not_executed') and order_id is not null)
        or (decision = 'statement_complete' and statement_id is not null)
        or (decision = 'source_trusted' and source is not null)
        or (decision = 'lag_shortened' and coalesce(facts ->> 'lagMinutes' ~ '^\\d{1,5}$', false)))`,
    ),
    // What became of an order is said with evidence.
    check('proposals_evidence', sql`order_id is null or coalesce(facts ->> 'evidence' ~ '\\S', false)`),
    check(
      'proposals_reasoned',
      sql`note ~ '\\S' and is_person_name(proposed_by) and (decision_note is null or decision_note ~ '\\S')`,
    ),
    check(
      'proposals_decided',
      sql`(state = 'open') = (decided_by is null) and (state = 'open') = (decided_at is null) and (state = 'open') = (decision_note is null) and is_person_name(decided_by)`,
    ),
    // Four eyes. One person under two spellings of a name is still one person.
    check(
      'proposals_second_person',
      sql`state <> 'approved' or (person_key(decided_by) = person_key(proposed_by)) = alone`,
    ),
  ],
)

/** An approval that somebody took back. One person may: it only ever makes less believed. */
export const revocations = pgTable(
  'revocations',
  {
    proposalId: integer('proposal_id').primaryKey(),
    revokedBy: text('revoked_by').notNull(),
    revokedAt: at('revoked_at').notNull().defaultNow(),
    note: text('note').notNull(),
  },
  (revocation) => [
    foreignKey({
      columns: [revocation.proposalId],
      foreignColumns: [proposals.id],
      name: 'revocations_proposal_id_fk',
    }),
    check('revocations_reasoned', sql`note ~ '\\S' and revoked_by ~ '\\S'`),
  ],
)
