import type { CommandPerson, CommandResult } from '../../batches/command-result.ts'
import {
  approveBatch,
  cancelBatch,
  DEFAULT_RATE_PER_SECOND,
  pauseBatch,
  resumeBatch,
  runBatch,
} from '../../batches/commands.ts'
import { NotProven, sessionOf } from '../../operators/acting.ts'
import type { Session } from '../../postgres/session.ts'
import { type Answer, type Call, done } from '../route.ts'
import { batchPage, readBatchView, seenOfBatch } from './batches.ts'

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
    const [seen, now] = [call.form.get('seen') ?? '', seenOfBatch(batch)]
    if (seen !== now) return await batchPage(call, call.texts('stale', { before: seen.slice(0, 90), now }))
    const { batchId, contentHash } = batch
    const note = (call.form.get('note') ?? '').trim()
    if (!/[\p{L}\p{N}]/u.test(note)) return await batchPage(call, 'say why: the note is empty')
    const person = call.person(note)
    const order = { batchId, person: { by: person.by, note }, onePersonTeam: call.onePersonTeam, contentHash }
    try {
      const result = await call.inSession((session) => work(sessionOf(session, person), order))
      if (result.is === 'refused') return await batchPage(call, result.message)
    } catch (error) {
      if (error instanceof NotProven) return await batchPage(call, error.message)
      throw error
    }
    return done(`/batches/${batchId}`, said)
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
