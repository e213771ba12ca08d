import type { GoldWeight, Rupiah } from '../../../src/core/money.ts'
import type { OrderCommand } from '../../../src/orders/command.ts'
import type { Executed, Quote } from '../../../src/orders/outcomes.ts'
import { KTP, RECIPIENT, WALLET } from '../factories/job-data.ts'

export const grams = (value: number) => Math.round(value * 10_000) as GoldWeight
export const rupiah = (value: number) => value as Rupiah

/** One command of each way the gateway can be asked. */
export const COMMANDS = {
  buyGrams: {
    kind: 'buy',
    by: 'grams',
    phoneNumber: WALLET,
    goldWeight: grams(0.5),
    maxPricePerGram: null,
    maxFee: null,
  },
  buyRupiah: {
    kind: 'buy',
    by: 'rupiah',
    phoneNumber: WALLET,
    amount: rupiah(441_000),
    maxPricePerGram: null,
    maxFee: null,
  },
  sell: { kind: 'sell', phoneNumber: WALLET, goldWeight: grams(0.5), minPricePerGram: null, maxFee: null },
  transfer: {
    kind: 'transfer',
    phoneNumber: WALLET,
    goldWeight: grams(0.5),
    recipient: RECIPIENT,
    remarks: 'gift',
    maxFee: null,
  },
  withdraw: {
    kind: 'withdraw',
    phoneNumber: WALLET,
    goldWeight: grams(2),
    ktp: KTP,
    address: {
      province: 'DKI Jakarta',
      city: 'Jakarta Pusat',
      district: 'Gambir',
      subdistrict: 'Duri Pulo',
      address: 'Jl. Contoh 1',
      zipCode: '10140',
      note: 'pagar hijau',
    },
  },
} as const satisfies Record<string, OrderCommand>

export type CommandName = keyof typeof COMMANDS
export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[]

/** The quote a checkout of this command gives. */
export function quoteFor(command: OrderCommand): Quote {
  if (command.kind === 'withdraw')
    return { quoteId: '4118', goldWeight: command.goldWeight, amount: null, fee: null }
  return { quoteId: '1612853774', goldWeight: grams(0.5), amount: rupiah(441_000), fee: rupiah(5_000) }
}

/** The data of a successful confirm of that quote, in the gateway's spelling. */
export function executedData(command: OrderCommand): Record<string, unknown> {
  const quote = quoteFor(command)
  const trade = {
    response_id: '1082102090000011',
    phone_number: command.kind === 'transfer' ? '08xxxxxxx001' : command.phoneNumber,
    gold_weight: quote.goldWeight / 10_000,
    amount: quote.amount ?? 147_975,
    fee: quote.fee ?? 0,
    additional: {},
  }
  if (command.kind === 'sell') return trade
  return { request_id: quote.quoteId, ...trade, session_id: '764FC70DD96B9E07713D95A9AD004702' }
}

/** What that data means. */
export function executedOf(command: OrderCommand): Executed {
  const quote = quoteFor(command)
  const isSell = command.kind === 'sell'
  return {
    requestId: isSell ? null : quote.quoteId,
    responseId: '1082102090000011',
    sessionId: isSell ? null : '764FC70DD96B9E07713D95A9AD004702',
    goldWeight: quote.goldWeight,
    amount: quote.amount ?? rupiah(147_975),
    fee: quote.fee ?? rupiah(0),
  }
}
