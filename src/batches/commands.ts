import { isHolderOf, isSamePerson, PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { type CommandPerson, type CommandResult, refused } from './command-result.ts'
import { RETRIED_EXECUTED, retriesExecutedOrder } from './retry-checks.ts'
import { isSealed, pageOf } from './seal.ts'
import { type MoveFields, moveBatch, type StoredBatch, withLockedBatch } from './store.ts'

/** What the history says of an approval without a second person. */
export const ALONE = 'ONE_PERSON is set: NOBODY ELSE HAS LOOKED AT THIS'

/** The default rate: low enough that interactive orders are not delayed. */
export const DEFAULT_RATE_PER_SECOND = 20
export const MAX_RATE_PER_SECOND = 1_000

/** The actor and detail of a person's move. */
const fieldsOf = ({ by, note, isProven }: CommandPerson): MoveFields => ({
  actor: `${isProven === true ? 'partner' : 'person'}:${by}`,
  detail: note === null ? null : { note },
})

/**
 * Approves a batch. The approver is not its creator, unless the team has only one person; a partner never counts as such a
 * team.
 * @param onePersonTeam `ONE_PERSON`
 * @param seenHash the content hash that the person looked at; null when it is not given
 */
export async function approveBatch(
  session: Session,
  batchId: number,
  person: CommandPerson,
  onePersonTeam: boolean,
  seenHash: string | null = null,
): Promise<CommandResult<{ alone: boolean; contentHash: string }>> {
  return await withLockedBatch(session, batchId, 'approve', async (batch) => {
    const { createdBy, contentHash } = batch
    const by = readPersonName(person.by)
    if (by === null) return refused('second_person', `the approver's name ${PERSON_EXPECTED}`)
    if (batch.owner !== null && person.isProven !== true && isHolderOf(batch.owner, person.by))
      return refused(
        'second_person',
        `${person.by} is a holder of ${batch.owner}'s keys, and a holder approves over HTTP with a key: act as yourself`,
      )
    const alone = isSamePerson(person.by, createdBy)
    if (alone && (!onePersonTeam || batch.owner !== null))
      return refused(
        'second_person',
        `${createdBy} created it, so another person must approve it (a team of one sets ONE_PERSON=true)`,
      )
    if (seenHash !== null && seenHash !== contentHash)
      return refused('content', 'its content hash is not the one in the request: look at its preview again')
    const problem = await contentProblem(session, batch)
    if (problem !== null) return refused('content', problem)
    const { actor, detail } = fieldsOf(person)
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

/** Why the rows may not be sent, whoever asks; null when they may. */
async function contentProblem(session: Session, batch: StoredBatch): Promise<string | null> {
  if (!(await isWholeBatchSealed(session, batch))) return CHANGED
  return (await retriesExecutedOrder(session, batch)) ? RETRIED_EXECUTED : null
}

/** Whether all stored rows are those that were sealed. */
export function isWholeBatchSealed(runner: StatementRunner, batch: StoredBatch): Promise<boolean> {
  return isSealed(runner, batch.batchId, batch, [1, pageOf(batch.rowCount)])
}

/** When a batch runs, how fast, and when it stops. */
export interface RunSettings {
  /** Null: now. */
  readonly at: Date | null
  readonly ratePerSecond: number
  readonly stopAfter: { readonly is: 'count' | 'percent'; readonly value: number } | null
}

/** Runs an approved batch, at once or from a time on. Until it has started it can be run again with other settings. */
export async function runBatch(
  session: Session,
  batchId: number,
  { at, ratePerSecond, stopAfter }: RunSettings,
  person: CommandPerson,
): Promise<CommandResult<{ rows: number; stopAfterFailures: number | null }>> {
  return await withLockedBatch(session, batchId, 'start', async (batch) => {
    const problem = await contentProblem(session, batch)
    if (problem !== null) return refused('content', problem)
    const stopAfterFailures = stopAfter === null ? null : failuresOf(stopAfter, batch.rowCount)
    const run = { at, ratePerSecond, stopAfterFailures }
    const { actor, detail: note } = fieldsOf(person)
    const detail = {
      ...note,
      rate_per_second: ratePerSecond,
      stop_after_failures: stopAfterFailures,
      run_at: at?.toISOString() ?? 'now',
    }
    if (at === null) await moveBatch(session, batchId, 'start', 'run_by_person', { actor, detail, run })
    else await moveBatch(session, batchId, 'schedule', 'scheduled_by_person', { actor, detail, run })
    return { is: 'done', rows: batch.rowCount, stopAfterFailures }
  })
}

/** Reads `20` or `5%`; null when nothing is given. */
export function stopAfterOf(given: string | number | undefined): RunSettings['stopAfter'] {
  if (given === undefined) return null
  return typeof given === 'number'
    ? { is: 'count', value: given }
    : { is: 'percent', value: Number(given.slice(0, -1)) }
}

/** The number of failures that pauses a batch. A percentage is of all rows, so that one early failure is not 100 %. */
export function failuresOf({ is, value }: NonNullable<RunSettings['stopAfter']>, rowCount: number): number {
  return is === 'count' ? value : Math.max(Math.ceil((rowCount * value) / 100), 1)
}

/** Stops feeding a batch. Rows that were sent are orders and go on. */
export async function pauseBatch(
  session: Session,
  batchId: number,
  person: CommandPerson,
): Promise<CommandResult<{ unsent: number }>> {
  return await withLockedBatch(session, batchId, 'pause', async (batch) => {
    await moveBatch(session, batchId, 'pause', 'paused_by_person', fieldsOf(person))
    return { is: 'done', unsent: batch.rowCount - batch.fedCount }
  })
}

const isPausedByOperator = ({ reason, actor }: StoredBatch) =>
  reason === 'paused_by_person' && actor.startsWith('person:')

/** Resumes a paused batch. A partner cannot resume what an operator has paused. */
export async function resumeBatch(
  session: Session,
  batchId: number,
  person: CommandPerson,
): Promise<CommandResult<{ unsent: number }>> {
  return await withLockedBatch(session, batchId, 'resume', async (batch) => {
    if (person.isProven === true && isPausedByOperator(batch))
      return refused('state', 'an operator has paused it: only an operator can resume it')
    const problem = await contentProblem(session, batch)
    if (problem !== null) return refused('content', problem)
    await moveBatch(session, batchId, 'resume', 'resumed_by_person', fieldsOf(person))
    return { is: 'done', unsent: batch.rowCount - batch.fedCount }
  })
}

/** Ends a batch for good: unsent rows are never sent. Rows that were sent are orders and go on. */
export async function cancelBatch(
  session: Session,
  batchId: number,
  person: CommandPerson,
): Promise<CommandResult<{ unsent: number }>> {
  return await withLockedBatch(session, batchId, 'cancel', async (batch) => {
    await moveBatch(session, batchId, 'cancel', 'cancelled_by_person', fieldsOf(person))
    return { is: 'done', unsent: batch.rowCount - batch.fedCount }
  })
}
