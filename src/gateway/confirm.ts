import type { OrderCommand } from '../orders/command.ts'
import type { ConfirmOutcome, Executed, Quote } from '../orders/outcomes.ts'
import type { CallResult } from './call.ts'
import { fieldsOf, replyData } from './codecs.ts'
import { contradictsQuote, mayBeAQuote } from './contradictions.ts'
import { bodyOf, operationsOf } from './endpoints.ts'
import { confirmVerdict, type ReplyDoubt } from './outcome-table.ts'
import { keptReply } from './reply-message.ts'

/** Facts about the gateway that its document does not state. */
export interface ReplyRules {
  /** `GATEWAY_429_IS_REFUSAL`. */
  readonly is429Refusal: boolean
  /** Sells are confirmed at their own path, so that no reply from it can be a quote. */
  readonly sellHasOwnPath: boolean
}

/** The body of this quote's confirm. */
export function confirmBody(command: OrderCommand, quote: Quote): Record<string, unknown> {
  return bodyOf(operationsOf(command).confirm, { ...fieldsOf(command), request_id: quote.quoteId })
}

/** The outcome of a confirm: a doubt, unless the reply is a documented one or provably nothing was sent. */
export function confirmOutcome(
  command: OrderCommand,
  quote: Quote,
  result: CallResult,
  rules: ReplyRules,
): ConfirmOutcome {
  const reply = keptReply(result)
  if (result.is === 'failure')
    return result.wasSent ? { is: 'in_doubt', doubt: 'reply_lost', reply } : { is: 'not_sent', reply }
  const sent = confirmBody(command, quote)
  const verdict = confirmVerdict({ ...result, sent, is429Refusal: rules.is429Refusal })
  switch (verdict.is) {
    case 'success':
      return readExecution(command, quote, { data: result.envelope?.data, reply }, rules)
    case 'price_changed':
      return { is: 'price_changed', reply }
    case 'rejected':
      return { is: 'rejected', reason: verdict.reason, reply }
    case 'in_doubt':
      return { is: 'in_doubt', doubt: verdict.doubt, reply }
  }
}

function readExecution(
  command: OrderCommand,
  quote: Quote,
  { data, reply }: { readonly data: unknown; readonly reply: ConfirmOutcome['reply'] },
  { sellHasOwnPath }: ReplyRules,
): ConfirmOutcome {
  const parsed = (command.kind === 'sell' ? replyData.executedSell : replyData.executed).safeParse(data)
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'data'
    return inDoubt('reply_unreadable', `not as documented: ${field}`, reply)
  }
  const { request_id, response_id, session_id, gold_weight, amount, fee } = parsed.data
  const executed: Executed = {
    requestId: request_id ?? null,
    responseId: response_id,
    sessionId: session_id ?? null,
    goldWeight: gold_weight,
    amount,
    fee,
  }
  const contradiction = contradictsQuote(command, quote, parsed.data, executed)
  if (contradiction !== null)
    return inDoubt('reply_contradicts_quote', `contradicts the quote: ${contradiction}`, reply)
  if (command.kind === 'sell' && !sellHasOwnPath && mayBeAQuote(executed, quote))
    return inDoubt('reply_may_be_a_quote', 'it may be a second quote: response_id is new', reply)
  return { is: 'succeeded', executed, reply }
}

/** Keeps the gateway's message and adds what is wrong with its reply. */
function inDoubt(doubt: ReplyDoubt, problem: string, reply: ConfirmOutcome['reply']): ConfirmOutcome {
  return { is: 'in_doubt', doubt, reply: { ...reply, message: `${reply.message} (${problem})` } }
}
