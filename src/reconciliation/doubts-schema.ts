import { sql } from 'drizzle-orm'
import { bigint, check, foreignKey, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { orders } from '../orders/schema.ts'
import { at, oneOf } from '../postgres/columns.ts'
import { MATCH_RULES, STAY_REASON_NAMES } from './enums.ts'

/**
 * The evidence that settled a doubt: a line, or complete statements without one. It is written before the order moves;
 * a trigger refuses a move without it.
 */
export const doubtEvidence = pgTable(
  'doubt_evidence',
  {
    orderId: uuid('order_id').primaryKey(),
    verdict: text('verdict', { enum: ['succeeded', 'rejected'] }).notNull(),
    rule: text('rule', { enum: [...MATCH_RULES, 'absence'] }).notNull(),
    statementId: integer('statement_id'),
    lineNumber: integer('line_number'),
    /** The complete statements that cover the time in which the attempt may have been executed. */
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

/** Why the last run that looked at an order left it in doubt. */
export const doubtStays = pgTable(
  'doubt_stays',
  {
    orderId: uuid('order_id').primaryKey(),
    reason: text('because', { enum: STAY_REASON_NAMES }).notNull(),
    runId: bigint('run_id', { mode: 'bigint' }).notNull(),
  },
  () => [check('doubt_stays_because', oneOf('because', STAY_REASON_NAMES))],
)
