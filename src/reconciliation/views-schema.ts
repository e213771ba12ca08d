import {
  bigint,
  boolean,
  customType,
  date,
  integer,
  interval,
  jsonb,
  numeric,
  pgSchema,
  pgView,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { ORDER_KINDS } from '../orders/command.ts'
import { at, grams } from '../postgres/columns.ts'
import { BREAK_TYPE_NAMES, DECISIONS, STAY_REASON_NAMES } from './enums.ts'

/** The views of reconciliation, as the migrations define them. */

/** Rupiah as their digits: reports print sums that Postgres computed, and compute nothing. */
const rupiahDigits = customType<{ data: string; driverData: string }>({ dataType: () => 'bigint' })

const ops = pgSchema('ops')

/** Open breaks with their orders and proposals. */
export const openBreaks = ops
  .view('open_breaks', {
    breakId: integer('break_id').notNull(),
    type: text('type', { enum: BREAK_TYPE_NAMES }).notNull(),
    orderId: uuid('order_id'),
    partner: text('partner'),
    reference: text('reference'),
    statementId: integer('statement_id'),
    lineNumber: integer('line_number'),
    rupiahAtRisk: rupiahDigits('rupiah_at_risk').notNull(),
    gramsAtRisk: grams('grams_at_risk').notNull(),
    difference: jsonb('difference').$type<Readonly<Record<string, unknown>>>().notNull(),
    owner: text('owner'),
    openedAt: at('opened_at').notNull(),
    dueAt: at('due_at').notNull(),
    age: interval('age').notNull(),
    overdue: boolean('overdue').notNull(),
    proposedBy: text('proposed_by'),
  })
  .existing()

/** Orders in doubt, with what is at risk and why they stay in doubt. */
export const ordersInDoubt = ops
  .view('in_doubt', {
    orderId: uuid('order_id').notNull(),
    partner: text('partner').notNull(),
    reference: text('reference').notNull(),
    kind: text('kind', { enum: ORDER_KINDS }).notNull(),
    rupiahAtRisk: rupiahDigits('rupiah_at_risk').notNull(),
    gramsAtRisk: grams('grams_at_risk').notNull(),
    intentAt: at('intent_at').notNull(),
    /** Null: no run has looked at the order. */
    staysBecause: text('stays_because', { enum: STAY_REASON_NAMES }),
    proposedBy: text('proposed_by'),
  })
  .existing()

/**
 * Our succeeded orders beside the statements' transactions, per day and kind. The function `daily_totals(since, before)`
 * returns the same columns for a part of the time, and reads only that part.
 */
export const dailyTotals = ops
  .view('daily_totals', {
    day: date('day'),
    kind: text('kind', { enum: ORDER_KINDS }),
    ourCount: bigint('our_count', { mode: 'number' }),
    ourGrams: numeric('our_grams'),
    ourRupiah: numeric('our_rupiah'),
    ourFees: numeric('our_fees'),
    ourMatched: bigint('our_matched', { mode: 'number' }),
    theirCount: bigint('their_count', { mode: 'number' }),
    theirGrams: numeric('their_grams'),
    theirRupiah: numeric('their_rupiah'),
    theirFees: numeric('their_fees'),
    theirWithoutFee: bigint('their_without_fee', { mode: 'number' }),
  })
  .existing()

/** Approved proposals that nobody revoked. */
export const standingProposals = pgView('standing_proposals', {
  id: integer('id').notNull(),
  statementId: integer('statement_id'),
  source: text('source'),
  decision: text('decision', { enum: DECISIONS }).notNull(),
}).existing()
