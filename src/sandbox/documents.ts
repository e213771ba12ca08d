import { GOLD_UNITS_PER_GRAM } from '../domain/money.ts'
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

/** The data of a confirm's reply: a sell's has neither request_id nor session_id, a transfer's masks the wallet. */
export function executedData(entry: LedgerEntry, recipient: string | null, remarks: unknown): object {
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
      return { ...trade, ...ids, additional: withdrawalDetails(entry) }
  }
}

function withdrawalDetails({ goldWeight, amount }: LedgerEntry): object {
  return {
    product: `LM Antam 99.99% (${goldWeight / GOLD_UNITS_PER_GRAM} gram)`,
    shipping: 'SAP - REG, 1 - 3 Hari',
    grand_total: amount,
  }
}

/** The document's mask: its first two and last digits, and eight or seven x between, whatever the number's length. */
function masked(phoneNumber: string, shown: 2 | 3): string {
  return `${phoneNumber.slice(0, 2)}${'x'.repeat(shown === 3 ? 8 : 7)}${phoneNumber.slice(-shown)}`
}
