import type { Envelope } from './codecs.ts'
import { listedMessage } from './messages.ts'
import { findTrace, type SentFields, speaksOfExecution } from './refusal-traces.ts'

/** The facts of a reply that the rows of the outcome tables use. */

/** The parts of a reply that decide what it means. */
export interface ReplyFacts {
  readonly status: number
  readonly text: string
  readonly envelope: Envelope | null
  /** The fields of the request, which a refusal may repeat. */
  readonly sent: SentFields
  readonly is429Refusal: boolean
}

const isOk = (code: number) => code >= 200 && code < 300
const isUnauthorised = (code: number) => code === 401 || code === 403
export const codeOf = ({ envelope }: ReplyFacts) => envelope?.code ?? 0
export const isSuccess = ({ envelope }: ReplyFacts) => envelope?.isSuccess === true
export const listedIn = ({ envelope }: ReplyFacts) => listedMessage(envelope?.message ?? '')

/** 408 says that the gateway stopped waiting, not that nothing was executed. */
export const isGatewayError = (code: number) => code === 408 || code >= 500
export const isServerError = ({ status }: ReplyFacts) =>
  status < 200 || (status >= 300 && status < 400) || isGatewayError(status)

/** The first sign of an execution in a refusal; null when there is none. */
const traceIn = ({ envelope, sent }: ReplyFacts) =>
  envelope === null ? null : (envelope.undocumented ?? findTrace(envelope.data, sent))

const agreesWithRefusal = (facts: ReplyFacts) =>
  (facts.status === 200 || (facts.status >= 400 && facts.status < 500)) &&
  codeOf(facts) >= 400 &&
  codeOf(facts) < 500

/** A refusal in which HTTP status, response_status, response_code and data agree, whatever its message. */
export const isConsistentRefusal = (facts: ReplyFacts) =>
  facts.envelope !== null && !isSuccess(facts) && agreesWithRefusal(facts) && traceIn(facts) === null

export const isCleanSuccess = (facts: ReplyFacts) =>
  isSuccess(facts) && isOk(facts.status) && isOk(codeOf(facts)) && listedIn(facts) === null

export const hasUnauthorised = (facts: ReplyFacts) =>
  isUnauthorised(facts.status) || isUnauthorised(codeOf(facts))

/** A consistent refusal whose message is listed, or does not mention an execution. */
const isPlainRefusal = ({ message }: Envelope, facts: ReplyFacts) =>
  isConsistentRefusal(facts) && (listedIn(facts) !== null || !speaksOfExecution(message))

/** A 429 that is known to be a refusal, and whose body has nothing of an execution. */
export const isPlain429 = (facts: ReplyFacts) =>
  facts.is429Refusal &&
  facts.status === 429 &&
  (facts.envelope === null ? !speaksOfExecution(facts.text) : isPlainRefusal(facts.envelope, facts))

/** Only an execution has a session_id, anywhere in the reply and even if the rest is unreadable. */
export const hasSession = ({ text }: ReplyFacts) => /"session_?id"\s*:\s*\[?\s*(?:"\s*[^"\s]|\d)/i.test(text)
