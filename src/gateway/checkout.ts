import type { OrderCommand } from '../orders/command.ts'
import type { CheckoutOutcome, Quote } from '../orders/outcomes.ts'
import type { CallResult } from './call.ts'
import { fieldsOf, replyData } from './codecs.ts'
import { contradictsOrder } from './contradictions.ts'
import { bodyOf, operationsOf } from './endpoints.ts'
import { checkoutVerdict } from './outcome-table.ts'
import { maskedNumberMatches } from './replied-number.ts'
import { messageOf } from './reply-message.ts'

/** The outcome of a checkout. Nothing has moved, so an unclear reply may be asked again. */
export function checkoutOutcome(
  command: OrderCommand,
  result: CallResult,
  is429Refusal: boolean,
): CheckoutOutcome {
  const message = messageOf(result)
  if (result.is === 'failure') return { is: 'trouble', message }
  const sent = bodyOf(operationsOf(command).checkout, fieldsOf(command))
  const verdict = checkoutVerdict({ ...result, sent, is429Refusal })
  switch (verdict.is) {
    case 'success':
      return readQuote(command, result.envelope?.data)
    case 'price_changed':
      return { is: 'price_changed', message }
    case 'rejected':
      return { is: 'refused', reason: verdict.reason, message }
    case 'refused_unlisted':
      return { is: 'refused', reason: 'refused_at_checkout', message }
    case 'trouble':
      return { is: 'trouble', message }
    case 'executed':
      return { is: 'executed', message }
  }
}

function readQuote(command: OrderCommand, data: unknown): CheckoutOutcome {
  return command.kind === 'withdraw' ? readAddressAsQuote(command, data) : readTradeQuote(command, data)
}

function readTradeQuote(command: OrderCommand, data: unknown): CheckoutOutcome {
  const parsed = replyData.quote.safeParse(data)
  if (!parsed.success) return unreadable(parsed.error.issues[0]?.path.join('.'))
  const contradiction = contradictsOrder(command, parsed.data)
  if (contradiction !== null) return contradicting(contradiction)
  const { response_id, gold_weight, amount, fee } = parsed.data
  return quoted({ quoteId: response_id, goldWeight: gold_weight, amount, fee })
}

/** A withdrawal has no checkout: the reply to registering its address has the `request_id` that the confirm names. */
function readAddressAsQuote(
  command: Extract<OrderCommand, { kind: 'withdraw' }>,
  data: unknown,
): CheckoutOutcome {
  const parsed = replyData.addressQuote.safeParse(data)
  if (!parsed.success) return unreadable(parsed.error.issues[0]?.path.join('.'))
  if (!maskedNumberMatches(parsed.data.phone_number, command.phoneNumber))
    return contradicting('phone_number')
  return quoted({
    quoteId: parsed.data.request_id,
    goldWeight: command.goldWeight,
    amount: null,
    fee: null,
  })
}

function quoted(quote: Quote): CheckoutOutcome {
  return { is: 'quoted', quote }
}

function unreadable(field: string | undefined): CheckoutOutcome {
  return { is: 'trouble', message: `the quote is not as documented: ${field || 'data'}` }
}

function contradicting(field: string): CheckoutOutcome {
  return { is: 'trouble', message: `the quote contradicts the order: ${field}` }
}
