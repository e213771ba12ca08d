import type { Session } from '../postgres/session.ts'
import { BREAK_TYPES } from './enums.ts'
import { DRY_RUN_ID } from './scope.ts'

/**
 * Turns findings into breaks: opens what is new, reopens what is back, notes what changed, and closes what later data
 * explains. Nothing is deleted; the trigger keeps each step.
 */

const DUE_HOURS = Object.entries(BREAK_TYPES)
  .map(([type, { dueHours }]) => `('${type}', ${dueHours})`)
  .join(', ')

// What is known already is left to the statements below, and takes no number: a conflict alone would take one.
const OPEN_NEW = {
  name: 'open_breaks',
  text: `
    INSERT INTO breaks (id, key, type, order_id, statement_id, line_number, rupiah_at_risk, grams_at_risk, difference,
      state, due_at, reason, actor, run_id)
    SELECT CASE s.run_id WHEN ${DRY_RUN_ID} THEN -row_number() OVER (ORDER BY f.key)
        ELSE nextval(pg_get_serial_sequence('breaks', 'id')) END,
      f.key, f.type, f.order_id, f.statement_id, f.line_number, f.rupiah_at_risk, f.grams_at_risk, f.difference,
      'open', now() + due.hours * interval '1 hour', 'found', s.actor, s.run_id
    FROM scope s CROSS JOIN findings f JOIN (VALUES ${DUE_HOURS}) AS due (type, hours) ON due.type = f.type
    WHERE NOT EXISTS (SELECT 1 FROM breaks b WHERE b.key = f.key)
    ORDER BY f.key
    ON CONFLICT (key) DO NOTHING`,
}

const FROM_FINDING = `
  order_id = f.order_id, statement_id = f.statement_id, line_number = f.line_number,
  rupiah_at_risk = f.rupiah_at_risk, grams_at_risk = f.grams_at_risk, difference = f.difference,
  actor = s.actor, run_id = s.run_id`

const IS_OTHER = `
  (b.order_id, b.statement_id, b.line_number, b.rupiah_at_risk, b.grams_at_risk, b.difference)
  IS DISTINCT FROM
  (f.order_id, f.statement_id, f.line_number, f.rupiah_at_risk, f.grams_at_risk, f.difference)`

// What people wrote off stays written off, unless it is another difference by now.
const REOPEN = {
  name: 'reopen_breaks',
  text: `
    UPDATE breaks b
    SET ${FROM_FINDING}, state = 'open', closed_at = NULL, reason = 'found_again', opened_at = clock_timestamp(),
      due_at = clock_timestamp() + due.hours * interval '1 hour', note = 'closed before: ' || b.reason
    FROM scope s CROSS JOIN findings f JOIN (VALUES ${DUE_HOURS}) AS due (type, hours) ON due.type = f.type
    WHERE b.key = f.key AND b.state = 'closed'
      AND (b.reason = 'explained' OR (b.rupiah_at_risk, b.grams_at_risk) <> (f.rupiah_at_risk, f.grams_at_risk))`,
}

const NOTE_CHANGES = {
  name: 'note_changed_breaks',
  text: `
    UPDATE breaks b SET ${FROM_FINDING}, reason = 'changed',
      note = (SELECT 'what ' || p.proposed_by || ' proposed no longer stands' FROM proposals p
        WHERE p.break_id = b.id AND p.state = 'open')
    FROM scope s CROSS JOIN findings f
    WHERE b.key = f.key AND b.state = 'open' AND ${IS_OTHER}`,
}

// The subjects of all open breaks were looked at again, so one that was not found again is explained.
const CLOSE_EXPLAINED = {
  name: 'close_explained_breaks',
  text: `
    UPDATE breaks b
    SET state = 'closed', closed_at = clock_timestamp(), reason = 'explained', actor = s.actor, run_id = s.run_id,
      note = coalesce(
        (SELECT format('line %s of statement %s belongs to order %s by %s', m.line_number, m.statement_id, m.order_id, m.rule)
          FROM statement_matches m
          WHERE m.current AND (
            (b.type = 'missing_here' AND m.statement_id = b.statement_id AND m.line_number = b.line_number)
            OR (b.type = 'missing_at_gateway' AND m.order_id = b.order_id))
          ORDER BY m.statement_id, m.line_number LIMIT 1),
        'what statements and orders say now shows no such difference')
    FROM scope s
    WHERE b.state = 'open' AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.key = b.key)`,
}

// Who approves must approve the difference that was proposed.
const DECLINE_OUTDATED = {
  name: 'decline_outdated_write_offs',
  text: `
    UPDATE proposals p SET state = 'declined', decided_by = s.actor, decided_at = clock_timestamp(),
      decision_note = format('the break %s, run %s', CASE b.state WHEN 'closed' THEN 'was explained' ELSE 'changed' END, s.run_id)
    FROM scope s CROSS JOIN breaks b
    WHERE p.break_id = b.id AND p.state = 'open' AND b.run_id = s.run_id AND b.reason IN ('explained', 'changed')`,
}

/** Brings the breaks up to date with the findings of this scope. */
export async function recordBreaks(session: Session): Promise<void> {
  await session.run(REOPEN)
  await session.run(NOTE_CHANGES)
  await session.run(OPEN_NEW)
  await session.run(CLOSE_EXPLAINED)
  await session.run(DECLINE_OUTDATED)
}
