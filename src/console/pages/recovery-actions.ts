import { proposeRelease } from '../../recovery/commands.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { readLastRecovery, shownOfRecovery } from './recovery.ts'
import { switchesPage } from './switches.ts'

/** Proposes to release the orders of the last recovery that no statement may have. */
export async function release(call: Call): Promise<Answer> {
  const last = await readLastRecovery(call)
  const stale = staleness(call, last === null ? null : shownOfRecovery(last))
  if (stale !== null) return await switchesPage(call, stale)
  const person = call.person((call.form.get('note') ?? '').trim())
  const result = await call.inSession((session) => proposeRelease(session, person))
  return result.is === 'refused' ? await switchesPage(call, result.message) : done('/approvals', 'proposed')
}
