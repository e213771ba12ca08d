import { boolean, customType, pgSchema, text } from 'drizzle-orm/pg-core'
import { at, grams } from '../postgres/columns.ts'
import { PROCESS_KINDS, RISK_NAMES } from './enums.ts'

/** Rupiah as their digits: nothing is computed here. */
const rupiahDigits = customType<{ data: string; driverData: string }>({ dataType: () => 'bigint' })

const ops = pgSchema('ops')

/** Everything that puts money at risk, one row a thing. */
export const atRisk = ops
  .view('at_risk', {
    what: text('what', { enum: RISK_NAMES }).notNull(),
    /** The order's id, the break's number or the switch's scope. */
    id: text('id').notNull(),
    partner: text('partner'),
    reference: text('reference'),
    kind: text('kind'),
    reason: text('reason').notNull(),
    rupiah: rupiahDigits('rupiah').notNull(),
    grams: grams('grams').notNull(),
    since: at('since').notNull(),
    owner: text('owner'),
    dueAt: at('due_at'),
    overdue: boolean('overdue').notNull(),
    settledBy: text('settled_by').notNull(),
  })
  .existing()

/** The processes that beat, and those that stopped without saying so. */
export const opsProcesses = ops
  .view('processes', {
    kind: text('kind', { enum: PROCESS_KINDS }).notNull(),
    name: text('name').notNull(),
    startedAt: at('started_at').notNull(),
    seenAt: at('seen_at').notNull(),
    silent: boolean('silent').notNull(),
  })
  .existing()
