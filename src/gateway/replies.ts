import { maskPhoneNumbersIn } from '../domain/masking.ts'
import type { Reply } from '../domain/outcomes.ts'
import type { CallResult } from './call.ts'

const KEPT_BODY_CHARACTERS = 4_096
const KEPT_MESSAGE_CHARACTERS = 300

/** What is kept of a call with the attempt. KTP numbers never are. */
export function keptReply(result: CallResult): Reply {
  if (result.is === 'failure') return { httpStatus: null, body: null, message: result.code }
  const body = withoutControls(result.text.slice(0, KEPT_BODY_CHARACTERS)).replace(
    /("ktp"\s*:\s*")[^"]*/g,
    '$1(masked)',
  )
  return { httpStatus: result.status, body, message: messageOf(result) }
}

/** The gateway's words as people and logs may read them. */
export function messageOf(result: CallResult): string {
  if (result.is === 'failure') return result.code
  const message = result.envelope?.message ?? `HTTP ${result.status} without the documented envelope`
  return maskPhoneNumbersIn(withoutControls(message).replace(/\s+/g, ' ').trim()).slice(
    0,
    KEPT_MESSAGE_CHARACTERS,
  )
}

/** Postgres takes no NUL, and a terminal should not be steered by a reply. */
function withoutControls(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\n\t\r]/gu, '?')
}
