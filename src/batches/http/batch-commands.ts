import { Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import type { CommandPerson, CommandResult } from '../command-result.ts'
import {
  approveBatch,
  cancelBatch,
  DEFAULT_RATE_PER_SECOND,
  failuresOf,
  pauseBatch,
  type RunSettings,
  resumeBatch,
  runBatch,
  stopAfterOf,
} from '../commands.ts'
import type { BatchSummary } from '../queries.ts'
import { batchAnswerOf, totalAnswerOf } from './batch-answer.ts'
import { partnerBatch } from './batch-files.ts'
import type { RunBody } from './batch-input-schemas.ts'
import { readPricedPreview } from './priced-preview.ts'

/** A command of a holder to a batch. */
interface Move {
  work(session: Session, batchId: number, holder: CommandPerson): Promise<CommandResult>
  /** Whether the batch is already as the move leaves it. Then the request is a repetition, and succeeds. */
  isDone(batch: BatchSummary, holder: CommandPerson): boolean
}

const MOVES = {
  pause: { work: pauseBatch, isDone: ({ state }) => state === 'paused' },
  resume: { work: resumeBatch, isDone: ({ state }) => state === 'running' },
  cancel: { work: cancelBatch, isDone: ({ state }) => state === 'cancelled' },
} as const satisfies Record<string, Move>

/** Pauses, resumes or cancels a batch of the caller. */
export function movePartnerBatch(name: keyof typeof MOVES, id: number, call: Call): Promise<Answer> {
  return act(MOVES[name], id, call)
}

/** Approves a batch of the caller that another holder sent, and says what it lets go out. */
export async function approvePartnerBatch(id: number, seenHash: string | null, call: Call): Promise<Answer> {
  const move: Move = {
    // A partner never counts as a team of one, whatever the setting for operators.
    work: (session, batchId, holder) => approveBatch(session, batchId, holder, false, seenHash),
    isDone: ({ approvedBy, contentHash }, { by }) =>
      approvedBy === by && (seenHash === null || seenHash === contentHash),
  }
  const { status, body } = await act(move, id, call)
  const { preview } = await readPricedPreview(id, call)
  return { status, body: { ...body, total: totalAnswerOf(preview) } }
}

/** Runs a batch of the caller. */
export async function runPartnerBatch(id: number, body: RunBody, call: Call): Promise<Answer> {
  const { at = null, rate_per_second: ratePerSecond = DEFAULT_RATE_PER_SECOND } = body
  if (at !== null && at <= (await databaseClock(call.database)))
    throw new Problem('invalid_request', {
      errors: [{ field: 'at', problem: 'must be a time in the future' }],
    })
  const settings: RunSettings = { at, ratePerSecond, stopAfter: stopAfterOf(body.stop_after_failures) }
  const move: Move = {
    work: (session, batchId, holder) => runBatch(session, batchId, settings, holder),
    isDone: (batch) => isRunningWith(settings, batch),
  }
  return act(move, id, call)
}

function isRunningWith({ at, ratePerSecond, stopAfter }: RunSettings, batch: BatchSummary): boolean {
  const stop = stopAfter === null ? null : failuresOf(stopAfter, batch.rows)
  return (
    at === null &&
    batch.state === 'running' &&
    batch.ratePerSecond === ratePerSecond &&
    batch.stopAfterFailures === stop
  )
}

// Copying a plan's batch locks it for seconds: requests that wait for one batch must not take up all sessions.
export const SET_LOCK_TIMEOUT = {
  name: 'limit_wait_for_batch',
  text: `SELECT set_config('lock_timeout', '2s', false)`,
}

/** The holder of the caller's key, proven by it. */
export function holderOf({ caller: { partner, holder } }: Call): CommandPerson {
  return { by: `${partner}/${holder}`, note: null, isProven: true }
}

async function act({ work, isDone }: Move, id: number, call: Call) {
  // Only the owner may lock it.
  await partnerBatch(id, call)
  const person = holderOf(call)
  const result = await call.inSession(async (session) => {
    await session.run(SET_LOCK_TIMEOUT)
    return await work(session, id, person)
  })
  const batch = await partnerBatch(id, call)
  if (result.is === 'refused' && !(result.why === 'state' && isDone(batch, person)))
    throw refusal(result, batch)
  return { status: 200, body: batchAnswerOf(batch) } satisfies Answer
}

/** The problem that a refused command is answered with. */
export function refusal(
  { why, message }: Extract<CommandResult, { is: 'refused' }>,
  { createdBy }: BatchSummary,
): Problem {
  switch (why) {
    case 'second_person':
      return new Problem('second_person_needed', {
        detail: `${createdBy} sent it: another holder of a key with the scope approve, or an operator, must approve it`,
      })
    case 'content':
      return new Problem('batch_changed', { detail: message })
    case 'state':
      return new Problem('batch_state', { detail: message })
    case 'plan':
      return new Problem('batch_state', { detail: 'the batch belongs to a plan and ends with it' })
    case 'absent':
      return new Problem('not_found')
  }
}
