import { Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import { databaseClock } from '../../postgres/clock.ts'
import { retryBatch } from '../retry.ts'
import { batchAnswerOf } from './batch-answer.ts'
import { holderOf, refusal, SET_LOCK_TIMEOUT } from './batch-commands.ts'
import { partnerBatch } from './batch-files.ts'
import type { RetryBody } from './batch-retry-schemas.ts'

/** Makes a new batch of the failed rows of a batch of the caller. */
export async function retryPartnerBatch(id: number, body: RetryBody, call: Call): Promise<Answer> {
  const { reasons = null, deadline = null } = body
  // Only the owner may lock it.
  await partnerBatch(id, call)
  if (deadline !== null && deadline <= (await databaseClock(call.database)))
    throw new Problem('invalid_request', {
      errors: [{ field: 'deadline', problem: 'must be a time in the future' }],
    })
  // The rows are held in memory, as those of a file.
  const release = call.uploadSlots.take(call.caller.partner)
  const result = await call
    .inSession(async (session) => {
      await session.run(SET_LOCK_TIMEOUT)
      return await retryBatch(session, id, { reasons, deadline }, holderOf(call))
    })
    .finally(release)
  if (result.is === 'refused')
    // A partner cannot run the command that the message recommends.
    throw refusal(
      { ...result, message: result.message.replace(/ \(`[^`]*`\)/g, '') },
      await partnerBatch(id, call),
    )
  return {
    status: 201,
    body: {
      batch: batchAnswerOf(await partnerBatch(result.batchId, call)),
      left_out: result.left,
    },
    headers: { location: `/v1/batches/${result.batchId}` },
  }
}
