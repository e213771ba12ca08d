import type { GoldWeight, Rupiah } from '../core/money.ts'

/** The order kinds, which are also the BullMQ job names. */
export const ORDER_KINDS = ['buy', 'sell', 'transfer', 'withdraw'] as const
export type OrderKind = (typeof ORDER_KINDS)[number]

/** The bars a withdrawal can take out, in whole grams. */
export const BAR_GRAMS = [1, 2, 5, 10, 25, 50, 100] as const

/** Where a withdrawn bar is sent. Erased, with the KTP number, once the order is final. */
export interface PostalAddress {
  readonly province: string
  readonly city: string
  readonly district: string
  readonly subdistrict: string
  readonly address: string
  readonly zipCode: string
  readonly note: string
}

interface WalletCommand {
  readonly phoneNumber: string
}

/** A command whose quote has a price and a fee. A withdrawal's are first known at its confirm. */
interface QuotedCommand extends WalletCommand {
  /** The largest fee a quote may have; null: whatever the installation takes. */
  readonly maxFee: Rupiah | null
}

export interface BuyGramsCommand extends QuotedCommand {
  readonly kind: 'buy'
  readonly by: 'grams'
  readonly goldWeight: GoldWeight
  readonly maxPricePerGram: Rupiah | null
}

export interface BuyRupiahCommand extends QuotedCommand {
  readonly kind: 'buy'
  readonly by: 'rupiah'
  readonly amount: Rupiah
  readonly maxPricePerGram: Rupiah | null
}

export interface SellCommand extends QuotedCommand {
  readonly kind: 'sell'
  readonly goldWeight: GoldWeight
  readonly minPricePerGram: Rupiah | null
}

export interface TransferCommand extends QuotedCommand {
  readonly kind: 'transfer'
  readonly goldWeight: GoldWeight
  /** The receiving wallet's phone number. */
  readonly recipient: string
  readonly remarks: string
}

export interface WithdrawCommand extends WalletCommand {
  readonly kind: 'withdraw'
  readonly goldWeight: GoldWeight
  readonly ktp: string
  readonly address: PostalAddress
}

/** What an order asks for, validated. One variant per way the gateway can be asked. */
export type OrderCommand =
  | BuyGramsCommand
  | BuyRupiahCommand
  | SellCommand
  | TransferCommand
  | WithdrawCommand
