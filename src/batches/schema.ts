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
import type { OrderContent } from '../orders/submission.ts'
import { partners } from '../partners/schema.ts'
import { at, ONE_FORM_OF_REFERENCE, ONE_FORM_OF_WALLETS, oneOf } from '../postgres/columns.ts'
import { BATCH_STATES, ROW_STATES } from './lifecycle.ts'

/** Details of a move that its reason code does not give: a person's note, settings, the row that paused the batch. */
export type BatchDetail = Readonly<Record<string, unknown>>

/**
 * The tables of batches. Triggers of the hand-written migrations enforce what checks cannot: legal transitions, sealed
 * rows, that a row leads to its own order, and erasure of a withdrawal's personal data.
 */
export const batches = pgTable(
  'batches',
  {
    id: serial('id').primaryKey(),
    fileName: text('file_name').notNull(),
    /** The partner that sent it over HTTP and may read and control it; null for a batch of operators. */
    owner: text('owner'),
    /** The batch whose rows a plan copied for one due time; null for a batch made of a file. */
    copiedFrom: integer('copied_from'),
    /** The batch whose failed rows it retries; null for every other batch. */
    retryOf: integer('retry_of'),
    /** SHA-256 of the file's bytes, as `sha256sum` prints it. */
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
    detail: jsonb('detail').$type<BatchDetail>(),
    createdAt: at('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    approvedAt: at('approved_at'),
    approvedBy: text('approved_by'),
    /** The creator approved it, which only a team of one person may do. The audit trail says so. */
    alone: boolean('alone').notNull().default(false),
    /** It does not run before this time. */
    runAt: at('run_at'),
    ratePerSecond: integer('rate_per_second'),
    stopAfterFailures: integer('stop_after_failures'),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
    /** Rows that have an order or ended as a conflict. */
    fedCount: integer('fed_count').notNull().default(0),
    /** Rows that ended. */
    endedCount: integer('ended_count').notNull().default(0),
    /** Rows that ended and did not succeed, doubts and conflicts included. */
    failedCount: integer('failed_count').notNull().default(0),
    /** The failed rows at the last start or resume: only later failures count towards `stop_after_failures`. */
    forgivenCount: integer('forgiven_count').notNull().default(0),
    /** The rate is used up until this time. */
    pacedAt: at('paced_at'),
  },
  (batch) => [
    // Per owner: a partner must not learn that another partner sent the same rows.
    uniqueIndex('batches_same_rows')
      .on(sql`coalesce(owner, '')`, batch.contentHash)
      .where(sql`state <> 'cancelled'`),
    index('batches_alive').on(batch.id).where(sql`state in ('approved', 'running')`),
    index('batches_owner').on(batch.owner).where(sql`owner is not null`),
    foreignKey({ columns: [batch.owner], foreignColumns: [partners.name], name: 'batches_owner_fk' }),
    foreignKey({ columns: [batch.copiedFrom], foreignColumns: [batch.id], name: 'batches_copied_from_fk' }),
    foreignKey({ columns: [batch.retryOf], foreignColumns: [batch.id], name: 'batches_retry_of_fk' }),
    check('batches_state', oneOf('state', BATCH_STATES)),
    check(
      'batches_sealed',
      sql`state = 'draft' or (file_hash is not null and content_hash is not null and page_hashes is not null and row_count > 0)`,
    ),
    // A holder of the owner's keys created it, and a partner never counts as a team of one.
    check('batches_owner', sql`owner is null or (starts_with(created_by, owner || '/') and not alone)`),
    check('batches_named', sql`is_person_name(created_by) and is_person_name(approved_by)`),
    check(
      'batches_approved',
      sql`(approved_by is null) = (approved_at is null) and (state in ('draft', 'checked', 'cancelled') or approved_by is not null)`,
    ),
    // Two people: one person under two spellings of a name is still one person.
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

/** The rows of a batch, in the order of its file. They are sealed with the batch. */
export const batchRows = pgTable(
  'batch_rows',
  {
    batchId: integer('batch_id').notNull(),
    rowNumber: integer('row_number').notNull(),
    /** The line of the file on which the row begins. */
    lineNumber: integer('line_number').notNull(),
    partner: text('partner').notNull(),
    reference: text('reference').notNull(),
    kind: text('kind', { enum: ORDER_KINDS }).notNull(),
    phoneNumber: text('phone_number').notNull(),
    /** The kind's own fields as in the job contract. A withdrawal's KTP number and address are erased once it has its order. */
    content: jsonb('content').$type<OrderContent>().notNull(),
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
    // A migration by hand makes it a constraint that can be deferred.
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

/** The history of each batch. A trigger writes it. */
export const batchEvents = pgTable(
  'batch_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    batchId: integer('batch_id').notNull(),
    at: at('at').notNull(),
    fromState: text('from_state', { enum: BATCH_STATES }),
    toState: text('to_state', { enum: BATCH_STATES }).notNull(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    detail: jsonb('detail').$type<BatchDetail>(),
  },
  (event) => [
    index('batch_events_batch_id').on(event.batchId),
    foreignKey({ columns: [event.batchId], foreignColumns: [batches.id], name: 'batch_events_batch_id_fk' }),
  ],
)

/** The legal moves, which the trigger reads. `from_state` is empty for the batch's creation. */
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
