import { and, eq, notExists, or, sql } from 'drizzle-orm'
import type { Session } from '../postgres/session.ts'
import { rows, statement, type } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import { BREAK_TYPE_NAMES, BREAK_TYPES } from './enums.ts'
import { proposals } from './proposals-schema.ts'
import { statementMatches } from './runs-schema.ts'
import { DRY_RUN_ID } from './scope.ts'
import { findings, scope } from './work-tables.ts'

/**
 * Turns findings into breaks: opens new ones, reopens those that were found again, notes changes, and closes those that
 * later data explain. No break is deleted; a trigger writes each step into break_events.
 */

const DUE = rows({ type: breaks.type, hours: type.integer })
const DUE_HOURS = BREAK_TYPE_NAMES.map((name) => ({ type: name, hours: BREAK_TYPES[name].dueHours }))

// Known keys are left to the other statements: a conflict alone would draw an id from the sequence.
const openBreaks = statement('open_breaks', { due: DUE }, (db, { due }) =>
  db
    .insert(breaks)
    .select(
      db
        .select({
          id: sql`case ${scope.runId} when ${sql.raw(String(DRY_RUN_ID))} then -row_number() over (order by ${findings.key})
            else nextval(pg_get_serial_sequence('breaks', 'id')) end`.as('new_id'),
          key: findings.key,
          type: findings.type,
          orderId: findings.orderId,
          statementId: findings.statementId,
          lineNumber: findings.lineNumber,
          rupiahAtRisk: findings.rupiahAtRisk,
          gramsAtRisk: findings.gramsAtRisk,
          difference: findings.difference,
          state: sql`'open'`.as('new_state'),
          owner: sql`null`.as('new_owner'),
          openedAt: sql`now()`.as('new_opened_at'),
          dueAt: sql`now() + ${due.hours} * interval '1 hour'`.as('new_due_at'),
          closedAt: sql`null::timestamptz`.as('new_closed_at'),
          reason: sql`'found'`.as('new_reason'),
          actor: scope.actor,
          note: sql`null`.as('new_note'),
          runId: scope.runId,
        })
        .from(scope)
        .crossJoin(findings)
        .innerJoin(due, eq(due.type, findings.type))
        .where(notExists(db.select({ found: sql`1` }).from(breaks).where(eq(breaks.key, findings.key))))
        .orderBy(findings.key),
    )
    .onConflictDoNothing({ target: breaks.key }),
)

const FROM_FINDING = {
  orderId: sql`${findings.orderId}`,
  statementId: sql`${findings.statementId}`,
  lineNumber: sql`${findings.lineNumber}`,
  rupiahAtRisk: sql`${findings.rupiahAtRisk}`,
  gramsAtRisk: sql`${findings.gramsAtRisk}`,
  difference: sql`${findings.difference}`,
  actor: sql`${scope.actor}`,
  runId: sql`${scope.runId}`,
}

const aboutOf = (table: typeof breaks | typeof findings) =>
  sql`(${table.orderId}, ${table.statementId}, ${table.lineNumber}, ${table.rupiahAtRisk}, ${table.gramsAtRisk}, ${table.difference})`

// A break that people wrote off stays closed unless its difference has changed.
const reopenBreaks = statement('reopen_breaks', { due: DUE }, (db, { due }) =>
  db
    .update(breaks)
    .set({
      ...FROM_FINDING,
      state: 'open',
      closedAt: null,
      reason: 'found_again',
      openedAt: sql`clock_timestamp()`,
      dueAt: sql`clock_timestamp() + ${due.hours} * interval '1 hour'`,
      note: sql`'closed before: ' || ${breaks.reason}`,
    })
    .from(findings)
    .innerJoin(due, eq(due.type, findings.type))
    .innerJoin(scope, sql`true`)
    .where(
      and(
        eq(breaks.key, findings.key),
        sql`${breaks.state} = 'closed'`,
        or(
          sql`${breaks.reason} = 'explained'`,
          sql`(${breaks.rupiahAtRisk}, ${breaks.gramsAtRisk}) <> (${findings.rupiahAtRisk}, ${findings.gramsAtRisk})`,
        ),
      ),
    ),
)

const noteChanges = statement('note_changed_breaks', {}, (db) =>
  db
    .update(breaks)
    .set({
      ...FROM_FINDING,
      reason: 'changed',
      note: sql`(select 'what ' || ${proposals.proposedBy} || ' proposed no longer stands' from ${proposals}
        where ${proposals.breakId} = ${breaks.id} and ${proposals.state} = 'open')`,
    })
    .from(findings)
    .innerJoin(scope, sql`true`)
    .where(
      and(
        eq(breaks.key, findings.key),
        sql`${breaks.state} = 'open'`,
        sql`${aboutOf(breaks)} is distinct from ${aboutOf(findings)}`,
      ),
    ),
)

const EXPLANATION = sql`(
  select format('line %s of statement %s belongs to order %s by %s', ${statementMatches.lineNumber},
    ${statementMatches.statementId}, ${statementMatches.orderId}, ${statementMatches.rule})
  from ${statementMatches}
  where ${statementMatches.current} and (
    (${breaks.type} = 'missing_here' and ${statementMatches.statementId} = ${breaks.statementId}
      and ${statementMatches.lineNumber} = ${breaks.lineNumber})
    or (${breaks.type} = 'missing_at_gateway' and ${statementMatches.orderId} = ${breaks.orderId}))
  order by ${statementMatches.statementId}, ${statementMatches.lineNumber} limit 1)`

// The subjects of all open breaks were compared again, so a break that was not found again is explained.
const closeExplained = statement('close_explained_breaks', {}, (db) =>
  db
    .update(breaks)
    .set({
      state: 'closed',
      closedAt: sql`clock_timestamp()`,
      reason: 'explained',
      actor: sql`${scope.actor}`,
      runId: sql`${scope.runId}`,
      note: sql`coalesce(${EXPLANATION}, 'statements and orders no longer differ in this')`,
    })
    .from(scope)
    .where(
      and(
        sql`${breaks.state} = 'open'`,
        notExists(db.select({ found: sql`1` }).from(findings).where(eq(findings.key, breaks.key))),
      ),
    ),
)

// An approval must be about the difference that was proposed.
const declineOutdated = statement('decline_outdated_write_offs', {}, (db) =>
  db
    .update(proposals)
    .set({
      state: 'declined',
      decidedBy: sql`${scope.actor}`,
      decidedAt: sql`clock_timestamp()`,
      decisionNote: sql`format('the break %s, run %s',
        case ${breaks.state} when 'closed' then 'was explained' else 'changed' end, ${scope.runId})`,
    })
    .from(breaks)
    .innerJoin(scope, eq(breaks.runId, scope.runId))
    .where(
      and(
        eq(proposals.breakId, breaks.id),
        sql`${proposals.state} = 'open'`,
        sql`${breaks.reason} in ('explained', 'changed')`,
      ),
    ),
)

/** Brings the breaks up to date with the findings of this scope. */
export async function recordBreaks(session: Session): Promise<void> {
  await reopenBreaks(session, { due: DUE_HOURS })
  await noteChanges(session, {})
  await openBreaks(session, { due: DUE_HOURS })
  await closeExplained(session, {})
  await declineOutdated(session, {})
}
