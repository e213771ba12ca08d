import type { OrderCommand } from '../domain/command.ts'
import type { ConfirmOutcome, Executed, Quote } from '../domain/outcomes.ts'
import type { CallResult } from './call.ts'
import { replyData } from './codecs.ts'
import { contradictsQuote } from './contradictions.ts'
import { outcomeRow } from './outcome-table.ts'
import { keptReply } from './replies.ts'

/** What a confirm's call means. Only proof that nothing was sent, or a documented reply, is more than a doubt. */
export function confirmOutcome(
  command: OrderCommand,
  quote: Quote,
  result: CallResult,
  is429Refusal: boolean,
): ConfirmOutcome {
  const reply = keptReply(result)
  if (result.is === 'failure')
    return result.wasSent ? { is: 'in_doubt', doubt: 'reply_lost', reply } : { is: 'not_sent', reply }
  const { confirm } = outcomeRow({ status: result.status, envelope: result.envelope, is429Refusal })
  switch (confirm.is) {
    case 'success':
      return readExecution(command, quote, result.envelope?.data, reply)
    case 'price_changed':
      return { is: 'price_changed', reply }
    case 'rejected':
      return { is: 'rejected', reason: confirm.reason, reply }
    case 'in_doubt':
      return { is: 'in_doubt', doubt: confirm.doubt, reply }
  }
}

function readExecution(
  command: OrderCommand,
  quote: Quote,
  data: unknown,
  reply: ConfirmOutcome['reply'],
): ConfirmOutcome {
  const parsed = (command.kind === 'sell' ? replyData.executedSell : replyData.executed).safeParse(data)
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'data'
    return inDoubt('reply_unreadable', `not as documented: ${field}`, reply)
  }
  const { request_id, response_id, session_id, gold_weight, amount, fee, phone_number } = parsed.data
  const executed: Executed = {
    requestId: request_id ?? null,
    responseId: response_id,
    sessionId: session_id ?? null,
    goldWeight: gold_weight,
    amount,
    fee,
  }
  const contradiction = contradictsQuote(command, quote, phone_number, executed)
  if (contradiction !== null)
    return inDoubt('reply_contradicts_quote', `contradicts the quote: ${contradiction}`, reply)
  return { is: 'succeeded', executed, reply }
}

/** Keeps the gateway's words and adds what is wrong with its reply. */
function inDoubt(
  doubt: 'reply_unreadable' | 'reply_contradicts_quote',
  problem: string,
  reply: ConfirmOutcome['reply'],
): ConfirmOutcome {
  return { is: 'in_doubt', doubt, reply: { ...reply, message: `${reply.message} (${problem})` } }
}
