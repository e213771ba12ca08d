import { and, asc, eq, sql } from 'drizzle-orm'
import { failuresOf, isWholeBatchSealed, type RunSettings } from '../batches/commands.ts'
import { batches, batchRows } from '../batches/schema.ts'
import { lockBatch, planOf } from '../batches/store.ts'
import { wallClockOf } from '../core/time-zone.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import { statement, type } from '../postgres/statement.ts'
import { addPlan, type CommandContext, LIMIT_WAIT, type PlanAnswer, refused } from './commands.ts'
import type { PlanTerms } from './plan.ts'
import type { BatchSource } from './source.ts'

/** The longest reference of an order. */
const LONGEST_REFERENCE = 128

/** The batch that a plan runs, and how each of its copies is fed. */
export interface BatchPlanRequest extends Pick<RunSettings, 'ratePerSecond' | 'stopAfter'> {
  readonly batchId: number
}

/** The ending of the references of one due time's rows: `@2026-02-25T09:00+07:00`. */
export function referenceEnding(timeZone: string, dueAt: Date): string {
  return `@${wallClockOf(timeZone).format(dueAt)}`
}

/** The longest ending: the due time of a run started by hand has seconds. */
const LONGEST_ENDING = referenceEnding('Asia/Jakarta', new Date('2026-01-01T00:00:00.001Z')).length

/**
 * Adds a plan that runs an approved batch of its owner again and again. From then on the batch belongs to the plan, and
 * needs no other approval.
 */
export async function addBatchPlan(
  database: Transactor,
  terms: Omit<PlanTerms, 'partner' | 'source' | 'deadlineMinutes'>,
  request: BatchPlanRequest,
  command: CommandContext,
): Promise<PlanAnswer> {
  return await database.transaction(async (runner) => {
    const taken = await takeBatch(runner, terms.owner, request)
    if (taken.is === 'refused') return taken
    const { source } = taken
    return await addPlan(runner, { ...terms, partner: null, source, deadlineMinutes: null }, command)
  })
}

const findOwnBatch = statement(
  'find_own_batch_of_plan',
  { batchId: batches.id, owner: batches.owner },
  (db, { batchId, owner }) =>
    db
      .select({ id: batches.id })
      .from(batches)
      .where(and(eq(batches.id, batchId), eq(batches.owner, owner))),
)

type Taken = { readonly is: 'taken'; readonly source: BatchSource } | ReturnType<typeof refused>

/** The batch as a plan's source, locked until the transaction ends. */
export async function takeBatch(
  runner: StatementRunner,
  owner: string | null,
  request: BatchPlanRequest,
): Promise<Taken> {
  const { batchId } = request
  const unfit = (message: string) => refused('batch_unfit', message)
  const unknown = refused('batch_unknown', `there is no batch ${batchId}: see \`goldpro batch list\``)
  if (owner !== null) {
    await runner.run(LIMIT_WAIT, [])
    // Checked before the batch is locked, so that a partner cannot block another's batch.
    if ((await findOwnBatch(runner, { batchId, owner })).length === 0) return unknown
  }
  const batch = await lockBatch(runner, batchId)
  if (batch === null) return unknown
  if (batch.owner !== owner)
    return unfit(`batch ${batchId} is that of ${batch.owner}: a plan of it is added over HTTP`)
  const plan = await planOf(runner, batchId)
  if (plan !== null) return unfit(`batch ${batchId} is that of plan ${plan} already`)
  if (batch.state !== 'approved')
    return unfit(`a plan takes only an approved batch; batch ${batchId} is ${batch.state} (${batch.reason})`)
  if (batch.reason === 'scheduled_by_person')
    return unfit(`batch ${batchId} is to run by itself: create and approve another for the plan`)
  if (!(await isWholeBatchSealed(runner, batch)))
    return unfit(
      `the rows of batch ${batchId} are not those that were approved: cancel it and create it again`,
    )
  const row = await findUnfitRow(runner, batchId)
  if (row !== null) return unfit(`batch ${batchId}, row ${row}`)
  return { is: 'taken', source: batchSourceOf(request, batch.rowCount) }
}

/** The source that a plan stores, of a batch of so many rows. */
export function batchSourceOf(
  { batchId, ratePerSecond, stopAfter }: BatchPlanRequest,
  rowCount: number,
): BatchSource {
  return {
    is: 'batch',
    batch_id: batchId,
    rate_per_second: ratePerSecond,
    stop_after_failures: stopAfter === null ? null : failuresOf(stopAfter, rowCount),
  }
}

// Length as JavaScript counts it, by which orders are checked: a character beyond U+FFFF counts twice.
const selectUnfitRow = statement(
  'find_unfit_row_of_plan',
  { batchId: batchRows.batchId, most: type.integer },
  (db, { batchId, most }) =>
    db
      .select({
        rowNumber: batchRows.rowNumber,
        hasDeadline: sql<boolean>`${batchRows.deadlineAt} is not null`,
      })
      .from(batchRows)
      .where(
        and(
          eq(batchRows.batchId, batchId),
          sql`(${batchRows.deadlineAt} is not null
            or length(${batchRows.reference}) + length(regexp_replace(${batchRows.reference}, '[\\u0001-\\uFFFF]', '', 'g')) > ${most})`,
        ),
      )
      .orderBy(asc(batchRows.rowNumber))
      .limit(1),
)

async function findUnfitRow(runner: StatementRunner, batchId: number): Promise<string | null> {
  const most = LONGEST_REFERENCE - LONGEST_ENDING
  const [row] = await selectUnfitRow(runner, { batchId, most })
  if (row === undefined) return null
  const message = row.hasDeadline
    ? 'deadline must be left out: each run has its own time'
    : `reference must have at most ${most} characters, for each run adds its due time`
  return `${row.rowNumber}: ${message}`
}
