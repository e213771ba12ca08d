import { GOLD_UNITS_PER_GRAM, type Rupiah } from '../../core/money.ts'
import type { SandboxQuote } from './ledger.ts'
import type { LedgerEntry } from './ledger-check.ts'

/** The data of a checkout's reply, in the document's shape. */
export function quoteData(quote: SandboxQuote, remarks: unknown): object {
  const additional =
    quote.type === 'transfer'
      ? { product: PRODUCT, recipient: ` (${quote.recipient})`, remarks: remarks ?? '' }
      : {}
  return {
    response_id: quote.quoteId,
    phone_number: quote.phoneNumber,
    gold_weight: quote.goldWeight / GOLD_UNITS_PER_GRAM,
    amount: quote.amount,
    fee: quote.fee,
    additional,
  }
}

const PRODUCT = 'Emas Logam Mulia 99.99%'

/** The costs of a withdrawal in the document: a certificate of 50,000 per gram, and shipping. */
export const CERTIFICATE_FEE_PER_GRAM = 50_000
export const SHIPPING_COST = 47_975

/** The part of a reply that the ledger's entry does not have. */
interface Particulars {
  readonly recipient: string | null
  readonly remarks: unknown
  /** What the gold is worth today. */
  readonly estimate: Rupiah
}

/** The data of a confirm's reply: a sell's has neither request_id nor session_id, a transfer's masks the wallet. */
export function executedData(entry: LedgerEntry, { recipient, remarks, estimate }: Particulars): object {
  const trade = {
    response_id: entry.responseId,
    phone_number: entry.phoneNumber,
    gold_weight: entry.goldWeight / GOLD_UNITS_PER_GRAM,
    amount: entry.amount,
    fee: entry.fee,
    additional: {},
  }
  const ids = { request_id: entry.requestId, session_id: entry.sessionId }
  switch (entry.type) {
    case 'buy':
      return { ...trade, ...ids }
    case 'sell':
      return trade
    case 'transfer':
      return {
        ...trade,
        ...ids,
        phone_number: masked(entry.phoneNumber, 3),
        additional: {
          product: PRODUCT,
          recipient: `Budi Misal (${masked(recipient ?? '', 2)})`,
          remarks: remarks ?? '',
        },
      }
    case 'withdraw':
      return { ...trade, ...ids, additional: withdrawalDetails(entry, estimate) }
  }
}

function withdrawalDetails({ goldWeight, amount }: LedgerEntry, estimate: Rupiah): object {
  return {
    product: `LM Antam 99.99% (${goldWeight / GOLD_UNITS_PER_GRAM} gram)`,
    shipping: 'SAP - REG, 1 - 3 Hari',
    estimation_product: estimate,
    shipping_cost: SHIPPING_COST,
    certificate_fee: amount - SHIPPING_COST,
    grand_total: amount,
  }
}

/** The document's mask: its first two and last digits, and eight or seven x between, whatever the number's length. */
function masked(phoneNumber: string, shown: 2 | 3): string {
  return `${phoneNumber.slice(0, 2)}${'x'.repeat(shown === 3 ? 8 : 7)}${phoneNumber.slice(-shown)}`
}
