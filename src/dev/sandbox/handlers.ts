import { GOLD_UNITS_PER_GRAM, type GoldWeight, type Rupiah } from '../../core/money.ts'
import { BAR_GRAMS, type OrderKind } from '../../orders/command.ts'
import { CERTIFICATE_FEE_PER_GRAM, executedData, quoteData, SHIPPING_COST } from './documents.ts'
import { type Fields, PLACE, rupiahOf, textOf, weightOf } from './fields.ts'
import type { SandboxQuote } from './ledger.ts'
import { priced, weighed } from './prices.ts'
import { type Answer, refused } from './replies.ts'
import type { SandboxState, StoredAddress } from './state.ts'

// The handlers of the operations. Required fields are present and the wallet exists when they are called.

const BUY_FEE = 5_000 as Rupiah
const NO_FEE = 0 as Rupiah

/** Activates a wallet. A new one starts empty. */
export function register(state: SandboxState, fields: Fields): Answer {
  const { phone_number, name, email } = fields
  const phoneNumber = String(phone_number)
  if (state.ledger.wallet(phoneNumber) === null)
    state.ledger.openWallet(phoneNumber, { rupiah: 0 as Rupiah, goldWeight: 0 as GoldWeight, premium: true })
  const data = { request_id: state.nextId(), user_id: phone_number, name, email, phone: phone_number }
  return { is: 'done', data }
}

export function checkoutBuy(state: SandboxState, fields: Fields): Answer {
  const price = state.prices.buy()
  if (fields.amount !== undefined) {
    const amount = rupiahOf(fields.amount)
    const goldWeight = amount === null ? null : weighed(amount, price)
    if (amount === null || goldWeight === null || goldWeight === 0) return refused('invalid_params')
    return giveQuote(state, fields, {
      type: 'buy',
      by: 'rupiah',
      goldWeight,
      amount,
      fee: BUY_FEE,
      recipient: null,
    })
  }
  const goldWeight = weightOf(fields.gold_weight)
  if (goldWeight === null) return refused('invalid_params')
  const amount = priced(goldWeight, price)
  return giveQuote(state, fields, {
    type: 'buy',
    by: 'grams',
    goldWeight,
    amount,
    fee: BUY_FEE,
    recipient: null,
  })
}

export function checkoutSell(state: SandboxState, fields: Fields): Answer {
  const goldWeight = weightOf(fields.gold_weight)
  if (goldWeight === null) return refused('invalid_params')
  const amount = priced(goldWeight, state.prices.sell())
  return giveQuote(state, fields, {
    type: 'sell',
    by: 'grams',
    goldWeight,
    amount,
    fee: NO_FEE,
    recipient: null,
  })
}

export function checkoutTransfer(state: SandboxState, fields: Fields): Answer {
  const goldWeight = weightOf(fields.gold_weight)
  const { recipient } = fields
  if (goldWeight === null || typeof recipient !== 'string') return refused('invalid_params')
  const amount = priced(goldWeight, state.prices.sell())
  return giveQuote(state, fields, {
    type: 'transfer',
    by: 'grams',
    goldWeight,
    amount,
    fee: NO_FEE,
    recipient,
  })
}

type Offer = Pick<SandboxQuote, 'type' | 'by' | 'goldWeight' | 'amount' | 'fee' | 'recipient'>

function giveQuote(state: SandboxState, fields: Fields, offer: Offer): Answer {
  const quote = {
    ...offer,
    quoteId: String(state.nextId()),
    phoneNumber: String(fields.phone_number),
    priceVersion: state.prices.version(),
  }
  state.quotes.set(quote.quoteId, quote)
  state.countCheckout()
  return { is: 'done', data: quoteData(quote, fields.remarks) }
}

/** Executes a quote of a kind, also when it was executed before. */
export function confirmQuote(type: OrderKind) {
  return (state: SandboxState, fields: Fields): Answer => {
    const quote = state.quotes.get(textOf(fields.request_id))
    if (quote === undefined || !isQuoteOf(quote, type, fields)) return refused('invalid_params')
    if (quote.priceVersion !== state.prices.version()) return refused('price_changed')
    return execute(state, quote, fields)
  }
}

/** Whether a confirm repeats the fields of the quote's checkout. */
function isQuoteOf(quote: SandboxQuote, type: OrderKind, fields: Fields): boolean {
  if (quote.type !== type || quote.phoneNumber !== fields.phone_number) return false
  if (quote.recipient !== null && quote.recipient !== fields.recipient) return false
  return quote.by === 'rupiah'
    ? rupiahOf(fields.amount) === quote.amount
    : weightOf(fields.gold_weight) === quote.goldWeight
}

function execute(state: SandboxState, quote: SandboxQuote, fields: Fields): Answer {
  const executed = state.ledger.execute(quote, new Date(state.now()))
  if (typeof executed === 'string') return refused(executed)
  const { recipient } = quote
  const estimate = priced(quote.goldWeight, state.prices.sell())
  return { is: 'done', data: executedData(executed, { recipient, remarks: fields.remarks, estimate }) }
}

/** Registers a withdrawal's address. The withdrawal's confirm names the `request_id` of this reply. */
export function setAddress(state: SandboxState, fields: Fields): Answer {
  const address = Object.fromEntries(
    PLACE.map((field) => [field, typeof fields[field] === 'string' ? fields[field] : '']),
  )
  if (PLACE.some((field) => field !== 'note' && address[field] === '')) return refused('invalid_params')
  if (!/^\d{16}$/.test(address.ktp ?? '')) return refused('invalid_params')
  const phoneNumber = String(fields.phone_number)
  state.addresses.set(phoneNumber, address)
  const quoteId = String(state.nextId())
  state.quotes.set(quoteId, {
    quoteId,
    type: 'withdraw',
    by: 'grams',
    phoneNumber,
    goldWeight: 0 as GoldWeight,
    amount: 0 as Rupiah,
    fee: NO_FEE,
    recipient: null,
    priceVersion: state.prices.version(),
  })
  return addressAnswer(quoteId, phoneNumber, address)
}

export function getAddress(state: SandboxState, fields: Fields): Answer {
  const phoneNumber = String(fields.phone_number)
  const address = state.addresses.get(phoneNumber)
  return address === undefined
    ? refused('user_not_found')
    : addressAnswer(String(state.nextId()), phoneNumber, address)
}

function addressAnswer(requestId: string, phoneNumber: string, address: StoredAddress): Answer {
  return { is: 'done', data: { request_id: requestId, phone_number: phoneNumber, ...address } }
}

/** Confirms a withdrawal, whose weight and price are first known here. */
export function confirmWithdrawal(state: SandboxState, fields: Fields): Answer {
  const registered = state.quotes.get(textOf(fields.request_id))
  const goldWeight = weightOf(fields.gold_weight)
  const isBar = BAR_GRAMS.some((grams) => grams * GOLD_UNITS_PER_GRAM === goldWeight)
  if (registered?.type !== 'withdraw' || registered.phoneNumber !== fields.phone_number)
    return refused('invalid_params')
  if (goldWeight === null || !isBar) return refused('invalid_params')
  if (registered.priceVersion < 0) return refused('price_changed')
  const grams = goldWeight / GOLD_UNITS_PER_GRAM
  const amount = (SHIPPING_COST + CERTIFICATE_FEE_PER_GRAM * grams) as Rupiah
  return execute(state, { ...registered, goldWeight, amount }, fields)
}

/** Makes a quote invalid, as a price change does. */
export function killQuote(state: SandboxState, quoteId: string): void {
  const quote = state.quotes.get(quoteId)
  if (quote !== undefined) state.quotes.set(quoteId, { ...quote, priceVersion: -1 })
}
