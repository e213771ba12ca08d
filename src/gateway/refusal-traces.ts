import { maskedNumberMatches } from './replied-number.ts'

/**
 * A refusal is believed only if nothing in its reply could belong to an execution. The documented refusals have no data.
 * Members that are empty, or that repeat the request, prove nothing either way.
 */

/** The fields of the request, by the gateway's names. */
export type SentFields = Readonly<Record<string, unknown>>

/**
 * Finds a member that no documented refusal has: an id, a session, a weight or an amount that was not sent, or any other
 * member that is not empty.
 * @param data the `data` of a refusal's reply
 * @returns the path of the first such member, or null
 */
export function findTrace(data: unknown, sent: SentFields): string | null {
  if (isEmpty(data)) return null
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'data'
  const member = Object.entries(data).find(([name, value]) => !isEmpty(value) && !isEcho(name, value, sent))
  return member === undefined ? null : `data.${member[0]}`
}

/** The first member of an object that is not empty and not among the known ones. */
export function findUnknownMember(object: unknown, known: readonly string[]): string | null {
  if (typeof object !== 'object' || object === null) return null
  const member = Object.entries(object).find(([name, value]) => !known.includes(name) && !isEmpty(value))
  return member?.[0] ?? null
}

/** Words that a text outside of the documented envelope has only after an execution. */
const WORDS_OF_EXECUTION =
  /session|(?:request|response|transaction)_?id|gold_?weight|success|execut|complet|berhasil|sukses/i

/** Whether a text outside of the documented envelope speaks of an execution. */
export function speaksOfExecution(text: string): boolean {
  return WORDS_OF_EXECUTION.test(text)
}

/** No documented reply nests deeper. Deeper ones count as not empty: walking them could exhaust the stack. */
const MAX_DEPTH = 8

/** Null, zero, false and empty texts, lists and objects: how programs write a member that has no value. */
function isEmpty(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.trim() === ''
  if (typeof value !== 'object' || value === null) return !value
  return depth < MAX_DEPTH && Object.values(value).every((member) => isEmpty(member, depth + 1))
}

function isEcho(name: string, value: unknown, sent: SentFields): boolean {
  if (!Object.hasOwn(sent, name)) return false
  const said = sent[name]
  if (name === 'phone_number' || name === 'recipient')
    return typeof value === 'string' && maskedNumberMatches(value, String(said))
  if (typeof said === 'number') return value === said
  // An id is a number in one reply and a text in the others.
  return (typeof value === 'string' || typeof value === 'number') && String(value) === String(said)
}
