import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
import { refused } from '../operators/person-commands.ts'
import { findClosing } from './queries.ts'
import { openClosing } from './store.ts'

/** Opening one closing of a switch. When the switch is closed anew, that is another closing. */
export const OPEN_SWITCH: ChangeKind<{ readonly closingId: number; readonly scope: string }> = {
  name: 'open_switch',
  payload: z.strictObject({ closingId: z.int().positive(), scope: z.string() }),
  // As the trigger guard_switch_closing asks for it.
  subjectOf: ({ closingId }) => `closing ${closingId}`,
  describe: ({ closingId, scope }) => `open the switch of ${scope} (closing ${closingId})`,
  async readCurrent(runner, { closingId }) {
    const [closing] = await findClosing(runner, { closingId })
    return { closed_at: closing?.closedAt ?? null, opened_at: closing?.openedAt ?? null }
  },
  async apply(runner, { closingId, scope }, { requestId, approvedBy }) {
    const [opened] = await openClosing(runner, { closingId, requestId, openedBy: `person:${approvedBy}` })
    return opened === undefined ? refused(`${scope} is open already`) : { is: 'done' }
  },
}
