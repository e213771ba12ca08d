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
import { batchAnswerOf } from './batch-answer.ts'
import { partnerBatch } from './batch-files.ts'
import type { RunBody } from './batch-schemas.ts'

/** What a holder does with a batch. */
interface Move {
  work(session: Session, batchId: number, holder: CommandPerson): Promise<CommandResult>
  /** Whether the batch is as the move makes it: then it is a repetition, and done. */
  isDone(batch: BatchSummary, holder: CommandPerson): boolean
}

const MOVES = {
  pause: { work: pauseBatch, isDone: ({ state }) => state === 'paused' },
  resume: { work: resumeBatch, isDone: ({ state }) => state === 'running' },
  cancel: { work: cancelBatch, isDone: ({ state }) => state === 'cancelled' },
} as const satisfies Record<string, Move>

/** Pauses, resumes or cancels a batch of the caller's. */
export function movePartnerBatch(name: keyof typeof MOVES, id: number, call: Call): Promise<Answer> {
  return act(MOVES[name], id, call)
}

/** Approves a batch of the caller's, which another holder sent. */
export function approvePartnerBatch(id: number, seenHash: string | null, call: Call): Promise<Answer> {
  const move: Move = {
    // A partner is no team of one, whatever the operators are.
    work: (session, batchId, holder) => approveBatch(session, batchId, holder, false, seenHash),
    isDone: ({ approvedBy, contentHash }, { by }) =>
      approvedBy === by && (seenHash === null || seenHash === contentHash),
  }
  return act(move, id, call)
}

/** Lets a batch of the caller's run. */
export async function runPartnerBatch(id: number, body: RunBody, call: Call): Promise<Answer> {
  const { at = null, rate_per_second: ratePerSecond = DEFAULT_RATE_PER_SECOND } = body
  if (at !== null && at <= (await databaseClock(call.database)))
    throw new Problem('invalid_request', { errors: [{ field: 'at', problem: 'must be a time to come' }] })
  const order: RunSettings = { at, ratePerSecond, stopAfter: stopAfterOf(body.stop_after_failures) }
  const move: Move = {
    work: (session, batchId, holder) => runBatch(session, batchId, order, holder),
    isDone: (batch) => isRunning(batch, order),
  }
  return act(move, id, call)
}

function isRunning(batch: BatchSummary, { at, ratePerSecond, stopAfter }: RunSettings): boolean {
  const stop = stopAfter === null ? null : failuresOf(stopAfter, batch.rows)
  return (
    at === null &&
    batch.state === 'running' &&
    batch.ratePerSecond === ratePerSecond &&
    batch.stopAfterFailures === stop
  )
}

// A feeder's turn takes a moment, and copying a plan's batch seconds: the sessions of all must not queue up for one batch.
const LIMIT_WAIT = {
  name: 'limit_wait_for_batch',
  text: `SELECT set_config('lock_timeout', '2s', false)`,
}

async function act({ work, isDone }: Move, id: number, call: Call): Promise<Answer> {
  const { partner, holder } = call.caller
  // Whose it is, before anything is done to it.
  await partnerBatch(id, call)
  const person: CommandPerson = { by: `${partner}/${holder}`, note: null, isProven: true }
  const answer = await call.inSession(async (session) => {
    await session.run(LIMIT_WAIT)
    return await work(session, id, person)
  })
  const batch = await partnerBatch(id, call)
  if (answer.is === 'refused' && !(answer.why === 'state' && isDone(batch, person)))
    throw refusal(answer, batch)
  return { status: 200, body: batchAnswerOf(batch) }
}

function refusal(
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
      return new Problem('batch_state', { detail: 'a plan runs copies of it: it ends with the plan' })
    case 'absent':
      return new Problem('not_found')
  }
}
