import { failuresOf, isWholeBatchSealed, type RunSettings } from '../batches/commands.ts'
import { lockBatch, planOf } from '../batches/store.ts'
import { wallClockOf } from '../core/time-zone.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import { addPlan, type CommandContext, LIMIT_WAIT, type PlanAnswer, refused } from './commands.ts'
import type { BatchSource, PlanTerms } from './plan.ts'

/** The longest reference of an order. */
const LONGEST_REFERENCE = 128

/** Which batch a plan is to run, and how each of its copies is fed. */
export interface BatchPlanRequest extends Pick<RunSettings, 'ratePerSecond' | 'stopAfter'> {
  readonly batchId: number
}

/** What makes the references of one due time's rows: `@2026-02-25T09:00+07:00`. */
export function referenceEnding(timeZone: string, dueAt: Date): string {
  return `@${wallClockOf(timeZone).format(dueAt)}`
}

/** A run that a person asks for has seconds in its time: the longest ending. */
const LONGEST_ENDING = referenceEnding('Asia/Jakarta', new Date('2026-01-01T00:00:00.001Z')).length

/**
 * Adds a plan that runs an approved batch of its owner again and again. The batch is the plan's from then on, and needs
 * no other approval.
 */
export async function addBatchPlan(
  database: Transactor,
  terms: Omit<PlanTerms, 'partner' | 'source' | 'deadlineMinutes'>,
  wish: BatchPlanRequest,
  lead: CommandContext,
): Promise<PlanAnswer> {
  return await database.transaction(async (runner) => {
    const taken = await takeBatch(runner, terms.owner, wish)
    if (taken.is === 'refused') return taken
    const { source } = taken
    return await addPlan(runner, { ...terms, partner: null, source, deadlineMinutes: null }, lead)
  })
}

const FIND_OWN_BATCH = {
  name: 'find_own_batch_of_plan',
  text: 'SELECT id FROM batches WHERE id = $1 AND owner = $2',
}

type Taken = { readonly is: 'taken'; readonly source: BatchSource } | ReturnType<typeof refused>

/** The batch as a plan's source, held until the transaction ends. */
async function takeBatch(
  runner: StatementRunner,
  owner: string | null,
  wish: BatchPlanRequest,
): Promise<Taken> {
  const { batchId } = wish
  const unfit = (message: string) => refused('batch_unfit', message)
  const unknown = refused('batch_unknown', `there is no batch ${batchId}: see \`goldpro batch list\``)
  if (owner !== null) {
    await runner.run(LIMIT_WAIT, [])
    // Before it is locked: nobody holds another's batch up.
    if ((await runner.run(FIND_OWN_BATCH, [batchId, owner])).length === 0) return unknown
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
  return { is: 'taken', source: batchSourceOf(wish, batch.rowCount) }
}

/** What a plan of a batch of so many rows keeps of a wish. */
export function batchSourceOf(
  { batchId, ratePerSecond, stopAfter }: BatchPlanRequest,
  rowCount: number,
): BatchSource {
  return {
    ...{ is: 'batch', batch_id: batchId, rate_per_second: ratePerSecond },
    stop_after_failures: stopAfter === null ? null : failuresOf(stopAfter, rowCount),
  }
}

// Length as JavaScript counts it, by which orders are checked: a character beyond U+FFFF is two.
const FIND_UNFIT_ROW = {
  name: 'find_unfit_row_of_plan',
  text: `
    SELECT row_number AS "rowNumber", deadline_at IS NOT NULL AS "hasDeadline" FROM batch_rows
    WHERE batch_id = $1 AND (deadline_at IS NOT NULL
      OR length(reference) + length(regexp_replace(reference, '[\\u0001-\\uFFFF]', '', 'g')) > $2)
    ORDER BY row_number LIMIT 1`,
}

async function findUnfitRow(runner: StatementRunner, batchId: number): Promise<string | null> {
  const most = LONGEST_REFERENCE - LONGEST_ENDING
  const [row] = await runner.run<{ rowNumber: number; hasDeadline: boolean }>(FIND_UNFIT_ROW, [batchId, most])
  if (row === undefined) return null
  const message = row.hasDeadline
    ? 'deadline must be left out: each run has its own time'
    : `reference must have at most ${most} characters, for each run adds its due time`
  return `${row.rowNumber}: ${message}`
}
