import type { Reply } from '../orders/outcomes.ts'
import type { CallResult } from './call.ts'
import { keptBody, keptMessage } from './kept-reply.ts'

/** The part of a reply that is stored with the attempt: documented fields only, masked. */
export function keptReply(result: CallResult): Reply {
  if (result.is === 'failure') return { httpStatus: null, body: null, message: result.code }
  return {
    httpStatus: result.status,
    body: keptBody(result.text, result.envelope),
    message: messageOf(result),
  }
}

/** The gateway's message, masked for people and logs. */
export function messageOf(result: CallResult): string {
  if (result.is === 'failure') return result.code
  return keptMessage(result.envelope?.message ?? `HTTP ${result.status} without the documented envelope`)
}
