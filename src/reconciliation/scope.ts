import { isNull, max, min, type SQL, sql } from 'drizzle-orm'
import type { Period } from '../core/business-days.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import { reconRuns } from './runs-schema.ts'
import { absenceLagMs, CLOCK_SLACK_MS, type ReconSettings } from './settings.ts'
import { statements } from './statements/schema.ts'
import { scope } from './work-tables.ts'

const selectStatementsSpan = statement('statements_span', {}, (db) =>
  db
    .select({ from: min(statements.periodFrom), to: max(statements.periodTo) })
    .from(statements)
    .where(isNull(statements.replacedAt)),
)

/** The period from the first to the last moment that current statements are about; null when there is none. */
export async function statementsSpan(session: Session): Promise<Period | null> {
  const [span] = await selectStatementsSpan(session, {})
  return span?.from && span.to ? { from: span.from, to: span.to } : null
}

// Serialized: each sees the work of the others whole or not at all.
const TAKE_TURNS = { name: 'take_turns', text: 'SELECT pg_advisory_xact_lock(4702183502)' }

/** Waits for other runs, imports and approvals. Later ones wait until this transaction ends. */
export async function takeTurns(session: Session): Promise<void> {
  await session.run(TAKE_TURNS)
}

// Joins of a million lines run in memory. Of the server's memory, until the transaction ends. Compiling the statements of a
// run takes longer than it saves. Its ANALYZE has to tell thousands from millions, which small samples do.
const SET_PLANNING = {
  name: 'set_planning',
  text: `SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true), set_config('default_statistics_target', '10', true)`,
}

const insertRun = statement(
  'begin_run',
  {
    id: nullable(reconRuns.id),
    periodFrom: reconRuns.periodFrom,
    periodTo: reconRuns.periodTo,
    actor: reconRuns.actor,
    settings: reconRuns.settings,
    scheduledFor: nullable(reconRuns.scheduledFor),
  },
  (db, { id, ...values }) =>
    db
      .insert(reconRuns)
      .values({ id: sql`coalesce(${id}, nextval(pg_get_serial_sequence('recon_runs', 'id')))`, ...values })
      .returning({ runId: reconRuns.id }),
)

const CREATE_SCOPE = {
  name: 'create_scope',
  text: `
    CREATE TEMP TABLE scope (
      run_id bigint, actor text, period_from timestamptz, period_to timestamptz, slack interval, lag interval,
      absence_lag interval, amount_tolerance bigint, fee_tolerance bigint, weight_tolerance numeric
    ) ON COMMIT DROP`,
}

const { runId, actor, periodFrom, periodTo, amountTolerance, feeTolerance } = scope

const insertScope = statement(
  'fill_scope',
  {
    runId,
    actor,
    periodFrom,
    periodTo,
    slackMs: type.float,
    lagMs: type.float,
    absenceLagMs: type.float,
    amountTolerance,
    feeTolerance,
    weightTolerance: scope.weightTolerance,
  },
  (db, { slackMs, lagMs, absenceLagMs, ...values }) =>
    db.insert(scope).values({
      ...values,
      slack: milliseconds(slackMs),
      lag: milliseconds(lagMs),
      absenceLag: milliseconds(absenceLagMs),
    }),
)

const milliseconds = (count: SQL) => sql`${count} * interval '1 millisecond'`

/** The input of a run. */
export interface RunRequest {
  readonly period: Period
  readonly settings: ReconSettings
  /** Who runs it: `person:ani`, `scheduler:host`. */
  readonly actor: string
  /** The day, `2026-02-09`, when a scheduler runs it. */
  readonly scheduledFor: string | null
}

/** The id of a dry run. A sequence does not roll back, so that an id drawn from it would be missing afterwards. */
export const DRY_RUN_ID = 0n

const selectApprovedLag = statement('read_approved_lag', {}, (db) =>
  db
    .select({ ms: sql<number | null>`(extract(epoch from approved.lag) * 1000)::float8` })
    .from(sql`approved_lag() as approved (lag)`),
)

/** The lag that two people approved; null without one. */
async function readApprovedLag(session: Session): Promise<number | null> {
  const [row] = await selectApprovedLag(session, {})
  return row?.ms ?? null
}

/**
 * Begins a run in the open transaction: waits for its turn, stores the run, and fills `scope`.
 * @returns the id of the run
 */
export async function openScope(session: Session, request: RunRequest, dryRun = false): Promise<bigint> {
  const { period, settings, actor, scheduledFor } = request
  await takeTurns(session)
  await session.run(SET_PLANNING)
  const absenceLag = absenceLagMs(settings, await readApprovedLag(session))
  const bounds = { actor, periodFrom: period.from, periodTo: period.to }
  const [run] = await insertRun(session, {
    ...bounds,
    id: dryRun ? DRY_RUN_ID : null,
    settings: { ...settings, absenceLagMs: absenceLag },
    scheduledFor,
  })
  if (run === undefined) throw new Error('a run without an id')
  await session.run(CREATE_SCOPE)
  const { tolerance, lagMs } = settings
  await insertScope(session, {
    ...bounds,
    runId: run.runId,
    slackMs: CLOCK_SLACK_MS,
    lagMs,
    absenceLagMs: absenceLag,
    amountTolerance: tolerance.amount,
    feeTolerance: tolerance.fee,
    weightTolerance: tolerance.goldWeight,
  })
  return run.runId
}
