import { isHolderOf, isSamePerson, PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { type BatchAnswer, type BatchPerson, refused } from './command-result.ts'
import { isSealed, pageOf } from './seal.ts'
import { moveBatch, onBatch, type StoredBatch } from './store.ts'

/** What the audit says of an approval without a second person. */
export const ALONE = 'RECON_ONE_PERSON is set: NOBODY ELSE HAS LOOKED AT THIS'

/** When a row is sent at the earliest if nobody says: a rate at which interactive orders do not notice it. */
export const DEFAULT_RATE_PER_SECOND = 20
export const MAX_RATE_PER_SECOND = 1_000

const written = ({ by, note, isProven }: BatchPerson) => ({
  actor: `${isProven === true ? 'partner' : 'person'}:${by}`,
  detail: note === null ? null : { note },
})

/**
 * Approves a batch: another person than its creator, unless the team says it has only one. A partner never is one.
 * @param onePersonTeam `RECON_ONE_PERSON`
 * @param seenHash the content hash that the person looked at; null: not said
 */
export async function approveBatch(
  session: Session,
  batchId: number,
  person: BatchPerson,
  onePersonTeam: boolean,
  seenHash: string | null = null,
): Promise<BatchAnswer<{ alone: boolean; contentHash: string }>> {
  return await onBatch(session, batchId, 'approve', async (batch) => {
    const { createdBy, contentHash } = batch
    const by = readPersonName(person.by)
    if (by === null) return refused('second_person', `the approver's name ${PERSON_EXPECTED}`)
    if (batch.owner !== null && person.isProven !== true && isHolderOf(batch.owner, person.by))
      return refused(
        'second_person',
        `${person.by} is a holder of ${batch.owner}'s keys, who approves with a key: say your own name with --by`,
      )
    const alone = isSamePerson(person.by, createdBy)
    if (alone && (!onePersonTeam || batch.owner !== null))
      return refused(
        'second_person',
        `${createdBy} created it, so another person must approve it: say who with --by (a team of one sets RECON_ONE_PERSON=true)`,
      )
    if (seenHash !== null && seenHash !== contentHash)
      return refused('content', 'its content hash is not the one that was looked at')
    if (!(await isWholeBatchSealed(session, batch))) return refused('content', CHANGED)
    const { actor, detail } = written(person)
    await moveBatch(session, batchId, 'approve', 'approved_by_person', {
      actor,
      detail: { ...detail, content_hash: contentHash, ...(alone ? { alone: ALONE } : {}) },
      approval: { by, alone },
    })
    return { is: 'done', alone, contentHash }
  })
}

const CHANGED =
  'its rows are not those that were sealed: somebody changed them in the database. Cancel it and create it again'

/** Whether all stored rows are those that were sealed. */
export function isWholeBatchSealed(runner: StatementRunner, batch: StoredBatch): Promise<boolean> {
  return isSealed(runner, batch.batchId, batch, [1, pageOf(batch.rowCount)])
}

/** How a batch is to run. */
export interface RunOrder {
  /** Null: now. */
  readonly at: Date | null
  readonly ratePerSecond: number
  readonly stopAfter: { readonly is: 'count' | 'percent'; readonly value: number } | null
}

/** Lets an approved batch run, at once or from a time on. Said again before it runs, the last word counts. */
export async function runBatch(
  session: Session,
  batchId: number,
  { at, ratePerSecond, stopAfter }: RunOrder,
  person: BatchPerson,
): Promise<BatchAnswer<{ rows: number; stopAfterFailures: number | null }>> {
  return await onBatch(session, batchId, 'start', async (batch) => {
    if (!(await isWholeBatchSealed(session, batch))) return refused('content', CHANGED)
    const stopAfterFailures = stopAfter === null ? null : failuresOf(stopAfter, batch.rowCount)
    const run = { at, ratePerSecond, stopAfterFailures }
    const { actor, detail: note } = written(person)
    const settings = { rate_per_second: ratePerSecond, stop_after_failures: stopAfterFailures }
    const detail = { ...note, ...settings, run_at: at?.toISOString() ?? 'now' }
    if (at === null) await moveBatch(session, batchId, 'start', 'run_by_person', { actor, detail, run })
    else await moveBatch(session, batchId, 'schedule', 'scheduled_by_person', { actor, detail, run })
    return { is: 'done', rows: batch.rowCount, stopAfterFailures }
  })
}

/** Reads `20` or `5%`; undefined: no limit. */
export function stopAfterOf(given: string | number | undefined): RunOrder['stopAfter'] {
  if (given === undefined) return null
  return typeof given === 'number'
    ? { is: 'count', value: given }
    : { is: 'percent', value: Number(given.slice(0, -1)) }
}

/** A share is of all rows, so that one early failure is not a hundred percent. */
export function failuresOf({ is, value }: NonNullable<RunOrder['stopAfter']>, rowCount: number): number {
  return is === 'count' ? value : Math.max(Math.ceil((rowCount * value) / 100), 1)
}

/** Keeps unsent rows back; what was sent goes on. */
export async function pauseBatch(
  session: Session,
  batchId: number,
  person: BatchPerson,
): Promise<BatchAnswer<{ unsent: number }>> {
  return await onBatch(session, batchId, 'pause', async (batch) => {
    await moveBatch(session, batchId, 'pause', 'paused_by_person', written(person))
    return { is: 'done', unsent: batch.rowCount - batch.fedCount }
  })
}

const isPausedByOperator = ({ reason, actor }: StoredBatch) =>
  reason === 'paused_by_person' && actor.startsWith('person:')

/** Lets a paused batch go on. What an operator has paused, no partner resumes. */
export async function resumeBatch(
  session: Session,
  batchId: number,
  person: BatchPerson,
): Promise<BatchAnswer<{ unsent: number }>> {
  return await onBatch(session, batchId, 'resume', async (batch) => {
    if (person.isProven === true && isPausedByOperator(batch))
      return refused('state', 'an operator has paused it: only an operator resumes it')
    if (!(await isWholeBatchSealed(session, batch))) return refused('content', CHANGED)
    await moveBatch(session, batchId, 'resume', 'resumed_by_person', written(person))
    return { is: 'done', unsent: batch.rowCount - batch.fedCount }
  })
}

/** Ends a batch for good: unsent rows are never sent, what was sent goes on. */
export async function cancelBatch(
  session: Session,
  batchId: number,
  person: BatchPerson,
): Promise<BatchAnswer<{ unsent: number }>> {
  return await onBatch(session, batchId, 'cancel', async (batch) => {
    await moveBatch(session, batchId, 'cancel', 'cancelled_by_person', written(person))
    return { is: 'done', unsent: batch.rowCount - batch.fedCount }
  })
}
