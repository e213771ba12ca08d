import { sql } from 'drizzle-orm'
import { bigint, check, foreignKey, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { orders } from '../orders/schema.ts'
import { at, oneOf } from '../postgres/columns.ts'
import { MATCH_RULES, STAY_REASONS } from './enums.ts'

/** The tables of doubts. Triggers let a doubt end only with its evidence. */

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
