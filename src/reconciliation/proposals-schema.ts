import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  integer,
  jsonb,
  pgTable,
  serial,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { orders } from '../orders/schema.ts'
import { at } from '../postgres/columns.ts'
import { breaks } from './breaks-schema.ts'
import { DECISIONS } from './enums.ts'
import type { ProposalFacts } from './proposal-facts.ts'
import { statements } from './statements/schema.ts'

/** A decision that one person proposes and another approves. Triggers let it be decided once. */
export const proposals = pgTable(
  'proposals',
  {
    id: serial('id').primaryKey(),
    breakId: integer('break_id'),
    orderId: uuid('order_id'),
    /** The statement that is declared complete. */
    statementId: integer('statement_id'),
    /** The source whose complete statements shall need no approval of their own. */
    source: text('source'),
    decision: text('decision', { enum: DECISIONS }).notNull(),
    note: text('note').notNull(),
    /** Evidence and the executed transaction: ids, grams, rupiah, fee. Of a shorter lag: its minutes. */
    facts: jsonb('facts').$type<ProposalFacts>().notNull(),
    proposedBy: text('proposed_by').notNull(),
    proposedAt: at('proposed_at').notNull().defaultNow(),
    state: text('state', { enum: ['open', 'approved', 'declined'] }).notNull(),
    decidedBy: text('decided_by'),
    decidedAt: at('decided_at'),
    decisionNote: text('decision_note'),
    /** The same person approved, in a team of one. */
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
    // A statement about an order needs evidence.
    check('proposals_evidence', sql`order_id is null or coalesce(facts ->> 'evidence' ~ '\\S', false)`),
    check(
      'proposals_reasoned',
      sql`note ~ '\\S' and is_person_name(proposed_by) and (decision_note is null or decision_note ~ '\\S')`,
    ),
    check(
      'proposals_decided',
      sql`(state = 'open') = (decided_by is null) and (state = 'open') = (decided_at is null) and (state = 'open') = (decision_note is null) and is_person_name(decided_by)`,
    ),
    // Four eyes. Two spellings of a name are one person.
    check(
      'proposals_second_person',
      sql`state <> 'approved' or (person_key(decided_by) = person_key(proposed_by)) = alone`,
    ),
  ],
)

/** A revoked approval. One person may revoke: it only makes the program believe less. */
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
