import { maskPhoneNumber, maskPhoneNumbersIn } from '../../core/masking.ts'
import { formatGrams, GOLD_UNITS_PER_GRAM } from '../../core/money.ts'
import { Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import { tryOrder } from '../../partners/place-counted.ts'
import { brokenLimit } from '../limit.ts'
import type { CheckoutOutcome, Quote } from '../outcomes.ts'
import type { Submission } from '../submission.ts'
import { readOrder, refusal } from './accept-order.ts'
import type { QuoteAnswer } from './quote-schemas.ts'

declare module '../../http/route.ts' {
  interface ApiDeps {
    readonly quoteGate: { take(partner: string): boolean }
  }
}

const GIVEN_BY_ORDERS = ['reference', 'deadline'] as const

/**
 * Asks the gateway for a price. Nothing is stored and nothing moves: the order is admitted in a transaction that is rolled
 * back, and the quote is never confirmed.
 */
export async function takeQuote(body: unknown, call: Call): Promise<Answer> {
  const { caller, gateway, quoteGate } = call
  const submission = readQuoteRequest(body, call)
  await admit(submission, call)
  if (gateway === null) throw new Problem('gateway_missing')
  if (!quoteGate.take(caller.partner)) throw new Problem('overloaded', { retryAfterS: 1 })
  const outcome = await gateway.quote(submission.command)
  // The gateway may have taken long: the key may be revoked, or the partner suspended.
  await call.reauthenticate()
  return { status: 200, body: quoteAnswerOf(submission, quoteOf(outcome, call)) }
}

function readQuoteRequest(body: unknown, { caller, newId }: Call): Submission {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  if (isObject) {
    const given = GIVEN_BY_ORDERS.filter((field) => Object.hasOwn(body, field))
    const errors = given.map((field) => ({ field, problem: 'is not a field of a quote' }))
    // The gateway prices no withdrawal: its checkout would store an address.
    if ((body as { kind?: unknown }).kind === 'withdraw')
      errors.push({ field: 'kind', problem: 'must be buy, sell or transfer' } as never)
    if (errors.length > 0) throw new Problem('invalid_request', { errors })
  }
  return readOrder(isObject ? { ...body, reference: `quote-${newId()}` } : body, caller.partner)
}

/** Refuses what an order of the same content would be refused for now. @throws Problem */
async function admit(submission: Submission, { caller, database, newId }: Call): Promise<void> {
  const { limits } = caller
  const placed = await tryOrder(database, { orderId: newId(), submission, limits })
  if (placed.is === 'wallet_refused') throw new Problem('wallet_refused')
  if (placed.is === 'refused') throw refusal(placed.breach, placed.usage, {})
}

/** @throws Problem for every outcome without a quote */
function quoteOf(outcome: CheckoutOutcome, { log }: Call): Quote {
  switch (outcome.is) {
    case 'quoted':
      return outcome.quote
    case 'refused':
      throw new Problem('gateway_refused', { detail: maskPhoneNumbersIn(outcome.message) })
    case 'executed':
      log.error({}, 'the gateway may have executed the checkout of a quote: look for it in its statement')
      throw new Problem('gateway_trouble')
    case 'price_changed':
    case 'trouble':
      throw new Problem('gateway_trouble')
  }
}

function quoteAnswerOf({ command }: Submission, quote: Quote): QuoteAnswer {
  const { goldWeight, amount, fee } = quote
  const broken = brokenLimit(command, quote, null)
  return {
    kind: command.kind,
    phone_number: maskPhoneNumber(command.phoneNumber),
    gold_weight: formatGrams(goldWeight),
    amount,
    fee,
    price_per_gram:
      amount === null ? null : Number((BigInt(amount) * BigInt(GOLD_UNITS_PER_GRAM)) / BigInt(goldWeight)),
    breaks: broken,
  }
}
