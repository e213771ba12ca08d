import { sql } from 'drizzle-orm'
import {
  bigserial,
  boolean,
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
import { ORDER_KINDS } from '../orders/command.ts'
import { orders } from '../orders/schema.ts'
import { partners } from '../partners/schema.ts'
import { at, ONE_FORM_OF_REFERENCE, ONE_FORM_OF_WALLETS, oneOf } from '../postgres/columns.ts'
import { BATCH_STATES, ROW_STATES } from './lifecycle.ts'

/**
 * The tables of batches. What is legal beyond their checks is held by the triggers of the hand-written migrations:
 * transitions, sealed rows, a row's order being its own, erasure of a withdrawal's personal data.
 */
export const batches = pgTable(
  'batches',
  {
    id: serial('id').primaryKey(),
    fileName: text('file_name').notNull(),
    /** The partner that sent it over HTTP and may see and lead it; null: an operator's. */
    owner: text('owner'),
    /** The batch whose rows a plan copied for one due time; null: of a file. */
    copiedFrom: integer('copied_from'),
    /** SHA-256 of the file's bytes: to be compared with `sha256sum`. */
    fileHash: text('file_hash'),
    /** SHA-256 over `page_hashes`. Null until sealed. */
    contentHash: text('content_hash'),
    /** SHA-256 over each 1,000 rows, so that feeding a few rows proves them without reading all. */
    pageHashes: text('page_hashes').array(),
    rowCount: integer('row_count'),
    state: text('state', { enum: BATCH_STATES }).notNull(),
    /** Reason code, actor and detail of the last transition; the trigger copies them into batch_events. */
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    detail: jsonb('detail'),
    createdAt: at('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    approvedAt: at('approved_at'),
    approvedBy: text('approved_by'),
    /** A team of one: the same person may approve, and the audit says so. */
    alone: boolean('alone').notNull().default(false),
    /** From when on it may run. */
    runAt: at('run_at'),
    ratePerSecond: integer('rate_per_second'),
    stopAfterFailures: integer('stop_after_failures'),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
    /** Rows that have their order or ended as a conflict; rows that ended; those of them that failed or are in doubt. */
    fedCount: integer('fed_count').notNull().default(0),
    endedCount: integer('ended_count').notNull().default(0),
    failedCount: integer('failed_count').notNull().default(0),
    /** Failures that a person knew of when resuming: only later ones count towards stopping. */
    forgivenCount: integer('forgiven_count').notNull().default(0),
    /** Up to when the rate is used up. */
    pacedAt: at('paced_at'),
  },
  (batch) => [
    // Per owner: whether another has sent these rows is nobody's business.
    uniqueIndex('batches_same_rows')
      .on(sql`coalesce(owner, '')`, batch.contentHash)
      .where(sql`state <> 'cancelled'`),
    index('batches_alive').on(batch.id).where(sql`state in ('approved', 'running')`),
    index('batches_owner').on(batch.owner).where(sql`owner is not null`),
    foreignKey({ columns: [batch.owner], foreignColumns: [partners.name], name: 'batches_owner_fk' }),
    foreignKey({ columns: [batch.copiedFrom], foreignColumns: [batch.id], name: 'batches_copied_from_fk' }),
    check('batches_state', oneOf('state', BATCH_STATES)),
    check(
      'batches_sealed',
      sql`state = 'draft' or (file_hash is not null and content_hash is not null and page_hashes is not null and row_count > 0)`,
    ),
    // Who created it is a holder of its owner's keys, and a partner is no team of one.
    check('batches_owner', sql`owner is null or (starts_with(created_by, owner || '/') and not alone)`),
    check('batches_named', sql`is_person_name(created_by) and is_person_name(approved_by)`),
    check(
      'batches_approved',
      sql`(approved_by is null) = (approved_at is null) and (state in ('draft', 'checked', 'cancelled') or approved_by is not null)`,
    ),
    // Four eyes. One person under two spellings of a name is still one person.
    check(
      'batches_second_person',
      sql`(approved_by is not null and person_key(approved_by) = person_key(created_by)) = alone`,
    ),
    check('batches_run', sql`rate_per_second > 0 and stop_after_failures > 0`),
    check(
      'batches_counts',
      sql`0 <= forgiven_count and forgiven_count <= failed_count and failed_count <= ended_count and ended_count <= fed_count and fed_count <= coalesce(row_count, 0)`,
    ),
    check('batches_finished', sql`state <> 'finished' or ended_count = row_count`),
  ],
)

/** The rows of a batch, in the order of its file. Sealed with it. */
export const batchRows = pgTable(
  'batch_rows',
  {
    batchId: integer('batch_id').notNull(),
    rowNumber: integer('row_number').notNull(),
    /** The line of the file it began on. */
    lineNumber: integer('line_number').notNull(),
    partner: text('partner').notNull(),
    reference: text('reference').notNull(),
    kind: text('kind', { enum: ORDER_KINDS }).notNull(),
    phoneNumber: text('phone_number').notNull(),
    /** The kind's own fields as in the job contract. A withdrawal's KTP number and address leave with its order. */
    content: jsonb('content').notNull(),
    contentHash: text('content_hash').notNull(),
    deadlineAt: at('deadline_at'),
    state: text('state', { enum: ROW_STATES }).notNull().default('waiting'),
    orderId: uuid('order_id'),
    /** The order that has this reference with other content. */
    conflictsWith: uuid('conflicts_with'),
    fedAt: at('fed_at'),
  },
  (row) => [
    primaryKey({ columns: [row.batchId, row.rowNumber] }),
    // Without a foreign key to batches: a check a row would cost more than the rest of the COPY.
    foreignKey({ columns: [row.orderId], foreignColumns: [orders.id], name: 'batch_rows_order_id_fk' }),
    uniqueIndex('batch_rows_reference').on(row.batchId, row.partner, row.reference),
    index('batch_rows_waiting').on(row.batchId, row.rowNumber).where(sql`state = 'waiting'`),
    index('batch_rows_open').on(row.batchId).where(sql`state in ('stored', 'queued')`),
    index('batch_rows_order_id').on(row.orderId).where(sql`order_id is not null`),
    check('batch_rows_wallets', ONE_FORM_OF_WALLETS),
    check('batch_rows_reference_form', ONE_FORM_OF_REFERENCE),
    check('batch_rows_kind', oneOf('kind', ORDER_KINDS)),
    check('batch_rows_state', oneOf('state', ROW_STATES)),
    check('batch_rows_order', sql`(order_id is not null) = (state in ('stored', 'queued', 'ended'))`),
    check('batch_rows_conflict', sql`(conflicts_with is not null) = (state = 'conflict')`),
    check('batch_rows_fed', sql`(fed_at is not null) = (state <> 'waiting')`),
    check('batch_rows_fed_is_erased', sql`state = 'waiting' or not (content ? 'ktp' or content ? 'address')`),
  ],
)

/** The history of each batch, written by the trigger. */
export const batchEvents = pgTable(
  'batch_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    batchId: integer('batch_id').notNull(),
    at: at('at').notNull(),
    fromState: text('from_state'),
    toState: text('to_state').notNull(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    detail: jsonb('detail'),
  },
  (event) => [
    index('batch_events_batch_id').on(event.batchId),
    foreignKey({ columns: [event.batchId], foreignColumns: [batches.id], name: 'batch_events_batch_id_fk' }),
  ],
)

/** The legal moves as rows, for the trigger. `from_state` is empty for the batch's creation. */
export const batchTransitions = pgTable(
  'batch_transitions',
  {
    fromState: text('from_state').notNull(),
    toState: text('to_state').notNull(),
    reason: text('reason').notNull(),
  },
  (transition) => [primaryKey({ columns: [transition.fromState, transition.toState, transition.reason] })],
)

/** The legal moves of a row. */
export const batchRowTransitions = pgTable(
  'batch_row_transitions',
  { fromState: text('from_state').notNull(), toState: text('to_state').notNull() },
  (transition) => [primaryKey({ columns: [transition.fromState, transition.toState] })],
)
