import type { CommandPerson, CommandResult } from '../../batches/command-result.ts'
import {
  approveBatch,
  cancelBatch,
  DEFAULT_RATE_PER_SECOND,
  pauseBatch,
  resumeBatch,
  runBatch,
} from '../../batches/commands.ts'
import { sessionOf } from '../../operators/acting.ts'
import type { Session } from '../../postgres/session.ts'
import { doneOf, orRefusal, Refused } from '../command-outcome.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { batchPage, readBatchView, shownOfBatch } from './batch.ts'

interface Order {
  readonly batchId: number
  readonly person: CommandPerson
  readonly onePersonTeam: boolean
  readonly contentHash: string
}

/** Gives a command to a batch, unless the person saw other rows or another state. */
const commandOf =
  (said: string, work: (session: Session, order: Order) => Promise<CommandResult>) =>
  async (call: Call): Promise<Answer> => {
    const batch = await readBatchView(call)
    const stale = staleness(call, shownOfBatch(batch))
    if (stale !== null) return await batchPage(call, stale)
    const { batchId, contentHash } = batch
    const give = async () => {
      const note = (call.form.get('note') ?? '').trim()
      if (!/[\p{L}\p{N}]/u.test(note)) throw new Refused(call.texts('no_reason'))
      const person = call.person(note)
      const order = {
        batchId,
        person: { by: person.by, note },
        onePersonTeam: call.onePersonTeam,
        contentHash,
      }
      doneOf(await call.inSession((session) => work(sessionOf(session, person), order)))
      return done(`/batches/${batchId}`, said)
    }
    return await orRefusal(give, (problem) => batchPage(call, problem))
  }

export const approve = commandOf(
  'batch_approved',
  (session, { batchId, person, onePersonTeam, contentHash }) =>
    approveBatch(session, batchId, person, onePersonTeam, contentHash),
)
export const run = commandOf('batch_runs', (session, { batchId, person }) =>
  runBatch(session, batchId, { at: null, ratePerSecond: DEFAULT_RATE_PER_SECOND, stopAfter: null }, person),
)
export const pause = commandOf('batch_paused', (session, { batchId, person }) =>
  pauseBatch(session, batchId, person),
)
export const resume = commandOf('batch_runs', (session, { batchId, person }) =>
  resumeBatch(session, batchId, person),
)
export const cancel = commandOf('batch_cancelled', (session, { batchId, person }) =>
  cancelBatch(session, batchId, person),
)
