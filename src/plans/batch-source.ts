import { failuresOf, isWholeBatchSealed, type RunOrder } from '../batches/people.ts'
import { lockBatch, modelOf } from '../batches/store.ts'
import type { Session } from '../db/session.ts'
import { wallClockOf } from '../domain/time-zone.ts'
import { addPlan, type Lead, type PlanAnswer } from './lead-plan.ts'
import type { BatchSource, PlanTerms } from './plan.ts'

/** The longest reference of an order. */
const LONGEST_REFERENCE = 128

/** Which batch a plan is to run, and how each of its copies is fed. */
export interface BatchWish extends Pick<RunOrder, 'ratePerSecond' | 'stopAfter'> {
  readonly batchId: number
}

/** What makes the references of one due time's rows: `@2026-02-25T09:00+07:00`. */
export function referenceEnding(timeZone: string, dueAt: Date): string {
  return `@${wallClockOf(timeZone).format(dueAt)}`
}

/** A run that a person asks for has seconds in its time: the longest ending. */
const LONGEST_ENDING = referenceEnding('Asia/Jakarta', new Date('2026-01-01T00:00:00.001Z')).length

/** Adds a plan that runs an approved batch again and again. The batch is the plan's from then on. */
export async function addBatchPlan(
  session: Session,
  terms: Omit<PlanTerms, 'partner' | 'source' | 'deadlineMinutes'>,
  wish: BatchWish,
  lead: Lead,
): Promise<PlanAnswer> {
  return await session.transaction(async () => {
    const source = await takeBatch(session, wish)
    if (typeof source === 'string') return { is: 'refused', because: source }
    return await addPlan(session, { ...terms, partner: null, source, deadlineMinutes: null }, lead)
  })
}

/** The batch as a plan's source, held until the transaction ends; a sentence when it cannot be one. */
async function takeBatch(session: Session, wish: BatchWish): Promise<BatchSource | string> {
  const { batchId, ratePerSecond, stopAfter } = wish
  const batch = await lockBatch(session, batchId)
  if (batch === null) return `there is no batch ${batchId}: see \`goldpro batch list\``
  const plan = await modelOf(session, batchId)
  if (plan !== null) return `batch ${batchId} is that of plan ${plan} already`
  if (batch.state !== 'approved')
    return `a plan takes only an approved batch; batch ${batchId} is ${batch.state} (${batch.reason})`
  if (batch.reason === 'scheduled_by_person')
    return `batch ${batchId} is to run by itself: create and approve another for the plan`
  if (!(await isWholeBatchSealed(session, batch)))
    return `the rows of batch ${batchId} are not those that were approved: cancel it and create it again`
  const unfit = await findUnfitRow(session, batchId)
  if (unfit !== null) return `batch ${batchId}, row ${unfit}`
  return {
    ...{ is: 'batch', batch_id: batchId, rate_per_second: ratePerSecond },
    stop_after_failures: stopAfter === null ? null : failuresOf(stopAfter, batch.rowCount),
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

async function findUnfitRow(session: Session, batchId: number): Promise<string | null> {
  const most = LONGEST_REFERENCE - LONGEST_ENDING
  const [row] = await session.run<{ rowNumber: number; hasDeadline: boolean }>(FIND_UNFIT_ROW, [
    batchId,
    most,
  ])
  if (row === undefined) return null
  const because = row.hasDeadline
    ? 'deadline must be left out: each run has its own time'
    : `reference must have at most ${most} characters, for each run adds its due time`
  return `${row.rowNumber}: ${because}`
}
