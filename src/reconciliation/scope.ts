import type { Period } from '../core/business-days.ts'
import { formatGrams } from '../core/money.ts'
import type { Session } from '../postgres/session.ts'
import { absenceLagMs, CLOCK_SLACK_MS, type ReconSettings } from './settings.ts'

const STATEMENTS_SPAN = {
  name: 'statements_span',
  text: `SELECT min(period_from) AS "from", max(period_to) AS "to" FROM statements WHERE replaced_at IS NULL`,
}

/** From the first to the last moment that statements are about; null when there is none. */
export async function statementsSpan(session: Session): Promise<Period | null> {
  const [span] = await session.run<{ from: Date | null; to: Date | null }>(STATEMENTS_SPAN)
  return span?.from && span.to ? { from: span.from, to: span.to } : null
}

// Each sees the others' work whole or not at all.
const TAKE_TURNS = { name: 'take_turns', text: 'SELECT pg_advisory_xact_lock(4702183502)' }

/** Waits for other runs, imports and approvals, and keeps later ones waiting until the transaction ends. */
export async function takeTurns(session: Session): Promise<void> {
  await session.run(TAKE_TURNS)
}

// Joins of a million lines belong in memory. Of the server's, and until the transaction ends.
const USE_MEMORY = { name: 'use_memory', text: `SET LOCAL work_mem = '128MB'` }

const BEGIN_RUN = {
  name: 'begin_run',
  text: `
    INSERT INTO recon_runs (id, period_from, period_to, actor, settings, scheduled_for)
    VALUES (coalesce($6, nextval(pg_get_serial_sequence('recon_runs', 'id'))), $1, $2, $3, $4, $5) RETURNING id::text AS "runId"`,
}

// Every statement of a run reads its bounds here instead of taking them as a row of parameters.
const CREATE_SCOPE = {
  name: 'create_scope',
  text: `
    CREATE TEMP TABLE scope (
      run_id bigint, actor text, period_from timestamptz, period_to timestamptz, slack interval, lag interval,
      absence_lag interval, amount_tolerance bigint, fee_tolerance bigint, weight_tolerance numeric
    ) ON COMMIT DROP`,
}

const FILL_SCOPE = {
  name: 'fill_scope',
  text: `
    INSERT INTO scope SELECT $1, $2, $3, $4, $5 * interval '1 millisecond', $6 * interval '1 millisecond',
      $7 * interval '1 millisecond', $8, $9, $10`,
}

/** What a run is asked to do. */
export interface RunRequest {
  readonly period: Period
  readonly settings: ReconSettings
  /** Who runs it: `person:ani`, `scheduler:host`. */
  readonly actor: string
  /** The day, `2026-02-09`, when a scheduler runs it. */
  readonly scheduledFor: string | null
}

/** The number of a dry run while it lasts: a sequence does not roll back, and a number would be missing afterwards. */
export const DRY_RUN_ID = 0

const READ_APPROVED_LAG = {
  name: 'read_approved_lag',
  text: `SELECT (extract(epoch FROM approved_lag()) * 1000)::float8 AS ms`,
}

/** The lag that two people approved; null: none. */
async function readApprovedLag(session: Session): Promise<number | null> {
  const [row] = await session.run<{ ms: number | null }>(READ_APPROVED_LAG)
  return row?.ms ?? null
}

/** Begins a run in the open transaction: waits for its turn, notes the run, lays out its bounds. */
export async function openScope(session: Session, request: RunRequest, dryRun = false): Promise<string> {
  const { period, settings, actor, scheduledFor } = request
  await takeTurns(session)
  await session.run(USE_MEMORY)
  const absenceLag = absenceLagMs(settings, await readApprovedLag(session))
  const kept = JSON.stringify({ ...settings, absenceLagMs: absenceLag })
  const values = [period.from, period.to, actor, kept, scheduledFor, dryRun ? DRY_RUN_ID : null]
  const [run] = await session.run<{ runId: string }>(BEGIN_RUN, values)
  if (run === undefined) throw new Error('a run without an id')
  await session.run(CREATE_SCOPE)
  const { amount, fee, goldWeight } = settings.tolerance
  const bounds = [run.runId, actor, period.from, period.to, CLOCK_SLACK_MS, settings.lagMs, absenceLag]
  await session.run(FILL_SCOPE, [...bounds, amount, fee, formatGrams(goldWeight)])
  return run.runId
}
