import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
import { refused } from '../operators/person-commands.ts'
import { countRestored, releaseRestored } from './store.ts'

/** Releasing the orders that a recovery holds, without those that a statement may have. */
export const RELEASE_RESTORED: ChangeKind<{ readonly recoveryId: number }> = {
  name: 'release_restored',
  payload: z.strictObject({ recoveryId: z.int().positive() }),
  // As the trigger of orders asks for it.
  subjectOf: ({ recoveryId }) => `recovery ${recoveryId}`,
  describe: ({ recoveryId }) => `release the orders of recovery ${recoveryId} that no statement may have`,
  async readCurrent(runner, { recoveryId }) {
    const [counts] = await countRestored(runner, { recoveryId })
    return { ...counts }
  },
  async apply(runner, { recoveryId }, { requestId, approvedBy }) {
    const [counts] = await countRestored(runner, { recoveryId })
    if (counts?.isGapCovered !== true)
      return refused('the statements of the time since the backup are not there, or not approved')
    await releaseRestored(runner, { recoveryId, requestId, actor: `person:${approvedBy}` })
    return { is: 'done' }
  },
}
