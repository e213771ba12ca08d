import { GOLD_UNITS_PER_GRAM, type GoldWeight, type Rupiah } from '../../core/money.ts'
import { BAR_GRAMS, type OrderKind } from '../../orders/command.ts'
import { CERTIFICATE_FEE_PER_GRAM, executedData, quoteData, SHIPPING_COST } from './documents.ts'
import { type Fields, PLACE, rupiahOf, textOf, weightOf } from './fields.ts'
import type { SandboxQuote } from './ledger.ts'
import { priced, weighed } from './prices.ts'
import { type Answer, refused } from './replies.ts'
import type { SandboxState, StoredAddress } from './state.ts'

// What happens at the gateway's counter: quotes are given and executed. Fields are there; the wallet is known.

const BUY_FEE = 5_000 as Rupiah
const NO_FEE = 0 as Rupiah

/** Activates a wallet: one that the gateway does not know yet starts empty. */
export function register(books: SandboxState, fields: Fields): Answer {
  const { phone_number, name, email } = fields
  const phoneNumber = String(phone_number)
  if (books.ledger.wallet(phoneNumber) === null)
    books.ledger.openWallet(phoneNumber, { rupiah: 0 as Rupiah, goldWeight: 0 as GoldWeight, premium: true })
  const data = { request_id: books.nextId(), user_id: phone_number, name, email, phone: phone_number }
  return { is: 'done', data }
}

export function checkoutBuy(books: SandboxState, fields: Fields): Answer {
  const price = books.prices.buy()
  if (fields.amount !== undefined) {
    const amount = rupiahOf(fields.amount)
    const goldWeight = amount === null ? null : weighed(amount, price)
    if (amount === null || goldWeight === null || goldWeight === 0) return refused('invalid_params')
    return giveQuote(books, fields, {
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
  return giveQuote(books, fields, {
    type: 'buy',
    by: 'grams',
    goldWeight,
    amount,
    fee: BUY_FEE,
    recipient: null,
  })
}

export function checkoutSell(books: SandboxState, fields: Fields): Answer {
  const goldWeight = weightOf(fields.gold_weight)
  if (goldWeight === null) return refused('invalid_params')
  const amount = priced(goldWeight, books.prices.sell())
  return giveQuote(books, fields, {
    type: 'sell',
    by: 'grams',
    goldWeight,
    amount,
    fee: NO_FEE,
    recipient: null,
  })
}

export function checkoutTransfer(books: SandboxState, fields: Fields): Answer {
  const goldWeight = weightOf(fields.gold_weight)
  const { recipient } = fields
  if (goldWeight === null || typeof recipient !== 'string') return refused('invalid_params')
  const amount = priced(goldWeight, books.prices.sell())
  return giveQuote(books, fields, {
    type: 'transfer',
    by: 'grams',
    goldWeight,
    amount,
    fee: NO_FEE,
    recipient,
  })
}

type Offer = Pick<SandboxQuote, 'type' | 'by' | 'goldWeight' | 'amount' | 'fee' | 'recipient'>

function giveQuote(books: SandboxState, fields: Fields, offer: Offer): Answer {
  const quote = {
    ...offer,
    quoteId: String(books.nextId()),
    phoneNumber: String(fields.phone_number),
    priceVersion: books.prices.version(),
  }
  books.quotes.set(quote.quoteId, quote)
  books.countCheckout()
  return { is: 'done', data: quoteData(quote, fields.remarks) }
}

/** Executes a quote of a kind; again, if it is asked to. */
export function confirmQuote(type: OrderKind) {
  return (books: SandboxState, fields: Fields): Answer => {
    const quote = books.quotes.get(textOf(fields.request_id))
    if (quote === undefined || !isQuoteOf(quote, type, fields)) return refused('invalid_params')
    if (quote.priceVersion !== books.prices.version()) return refused('price_changed')
    return execute(books, quote, fields)
  }
}

/** A confirm repeats what its checkout asked for. */
function isQuoteOf(quote: SandboxQuote, type: OrderKind, fields: Fields): boolean {
  if (quote.type !== type || quote.phoneNumber !== fields.phone_number) return false
  if (quote.recipient !== null && quote.recipient !== fields.recipient) return false
  return quote.by === 'rupiah'
    ? rupiahOf(fields.amount) === quote.amount
    : weightOf(fields.gold_weight) === quote.goldWeight
}

function execute(books: SandboxState, quote: SandboxQuote, fields: Fields): Answer {
  const executed = books.ledger.execute(quote, new Date(books.now()))
  if (typeof executed === 'string') return refused(executed)
  const { recipient } = quote
  const estimate = priced(quote.goldWeight, books.prices.sell())
  return { is: 'done', data: executedData(executed, { recipient, remarks: fields.remarks, estimate }) }
}

/** Registers a withdrawal's address. Its reply's `request_id` is what the withdrawal confirms. */
export function setAddress(books: SandboxState, fields: Fields): Answer {
  const address = Object.fromEntries(
    PLACE.map((field) => [field, typeof fields[field] === 'string' ? fields[field] : '']),
  )
  if (PLACE.some((field) => field !== 'note' && address[field] === '')) return refused('invalid_params')
  if (!/^\d{16}$/.test(address.ktp ?? '')) return refused('invalid_params')
  const phoneNumber = String(fields.phone_number)
  books.addresses.set(phoneNumber, address)
  const quoteId = String(books.nextId())
  books.quotes.set(quoteId, {
    quoteId,
    type: 'withdraw',
    by: 'grams',
    phoneNumber,
    goldWeight: 0 as GoldWeight,
    amount: 0 as Rupiah,
    fee: NO_FEE,
    recipient: null,
    priceVersion: books.prices.version(),
  })
  return addressAnswer(quoteId, phoneNumber, address)
}

export function getAddress(books: SandboxState, fields: Fields): Answer {
  const phoneNumber = String(fields.phone_number)
  const address = books.addresses.get(phoneNumber)
  return address === undefined
    ? refused('user_not_found')
    : addressAnswer(String(books.nextId()), phoneNumber, address)
}

function addressAnswer(requestId: string, phoneNumber: string, address: StoredAddress): Answer {
  return { is: 'done', data: { request_id: requestId, phone_number: phoneNumber, ...address } }
}

/** A withdrawal is weighed and priced at its confirm. */
export function confirmWithdrawal(books: SandboxState, fields: Fields): Answer {
  const registered = books.quotes.get(textOf(fields.request_id))
  const goldWeight = weightOf(fields.gold_weight)
  const isBar = BAR_GRAMS.some((grams) => grams * GOLD_UNITS_PER_GRAM === goldWeight)
  if (registered?.type !== 'withdraw' || registered.phoneNumber !== fields.phone_number)
    return refused('invalid_params')
  if (goldWeight === null || !isBar) return refused('invalid_params')
  if (registered.priceVersion < 0) return refused('price_changed')
  const grams = goldWeight / GOLD_UNITS_PER_GRAM
  const amount = (SHIPPING_COST + CERTIFICATE_FEE_PER_GRAM * grams) as Rupiah
  return execute(books, { ...registered, goldWeight, amount }, fields)
}

/** Kills a quote, as a price change does. */
export function killQuote(books: SandboxState, quoteId: string): void {
  const quote = books.quotes.get(quoteId)
  if (quote !== undefined) books.quotes.set(quoteId, { ...quote, priceVersion: -1 })
}
