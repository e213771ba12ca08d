import { sql } from 'drizzle-orm'
import { boolean, check, index, jsonb, pgTable, serial, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { CHANGE_KIND_NAMES, REQUEST_STATES } from './enums.ts'

/** A change that one person proposes and another approves. Triggers let it be decided once, and keep what was proposed. */
export const changeRequests = pgTable(
  'change_requests',
  {
    id: serial('id').primaryKey(),
    kind: text('kind', { enum: CHANGE_KIND_NAMES }).notNull(),
    /** What is changed. It has at most one open request of a kind. */
    subject: text('subject').notNull(),
    /** The change, as its kind reads it. */
    payload: jsonb('payload').notNull(),
    /** What the proposer saw: an approval is refused once it is different. */
    seen: jsonb('seen').$type<Readonly<Record<string, unknown>>>().notNull(),
    note: text('note').notNull(),
    proposedBy: text('proposed_by').notNull(),
    proposedAt: at('proposed_at').notNull().defaultNow(),
    state: text('state', { enum: REQUEST_STATES }).notNull(),
    decidedBy: text('decided_by'),
    decidedAt: at('decided_at'),
    decisionNote: text('decision_note'),
    /** The same person approved, in a team of one. */
    alone: boolean('alone').notNull().default(false),
  },
  (request) => [
    uniqueIndex('change_requests_one_open').on(request.kind, request.subject).where(sql`state = 'open'`),
    index('change_requests_subject').on(request.kind, request.subject),
    check('change_requests_kind', oneOf('kind', CHANGE_KIND_NAMES)),
    check('change_requests_state', oneOf('state', REQUEST_STATES)),
    check(
      'change_requests_reasoned',
      sql`note ~ '\\S' and is_person_name(proposed_by) and (decision_note is null or decision_note ~ '\\S')`,
    ),
    check(
      'change_requests_decided',
      sql`(state = 'open') = (decided_by is null) and (state = 'open') = (decided_at is null) and (state = 'open') = (decision_note is null) and is_person_name(decided_by)`,
    ),
    // Four eyes. Two spellings of a name are one person.
    check(
      'change_requests_second_person',
      sql`state <> 'approved' or (person_key(decided_by) = person_key(proposed_by)) = alone`,
    ),
  ],
)
