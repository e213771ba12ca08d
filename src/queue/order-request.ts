/**
 * An order as a partner writes it: the fields of the job contract, plus `kind`.
 * Gold weights are grams as a number or a decimal string with at most four decimals; rupiah are whole numbers.
 */
interface EveryOrder {
  /** The partner's short name. */
  readonly partner: string
  /** The partner's own id of the order; (partner, reference) is unique permanently. */
  readonly reference: string
  /** The wallet. */
  readonly phone_number: string
  /** ISO 8601 with a zone; default 15 minutes after acceptance. */
  readonly deadline?: string
}

export interface BuyRequest extends EveryOrder {
  readonly kind: 'buy'
  /** Exactly one of gold_weight and amount. */
  readonly gold_weight?: number | string
  readonly amount?: number
  readonly limit?: { readonly max_price_per_gram?: number; readonly max_fee?: number }
}

export interface SellRequest extends EveryOrder {
  readonly kind: 'sell'
  readonly gold_weight: number | string
  readonly limit?: { readonly min_price_per_gram?: number; readonly max_fee?: number }
}

export interface TransferRequest extends EveryOrder {
  readonly kind: 'transfer'
  readonly gold_weight: number | string
  readonly recipient: string
  readonly remarks?: string
  readonly limit?: { readonly max_fee: number }
}

export interface WithdrawRequest extends EveryOrder {
  readonly kind: 'withdraw'
  /** A whole bar: 1, 2, 5, 10, 25, 50 or 100 g. */
  readonly gold_weight: number | string
  readonly ktp: string
  readonly address: {
    readonly province: string
    readonly city: string
    readonly district: string
    readonly subdistrict: string
    readonly address: string
    readonly zip_code: string
    readonly note?: string
  }
}

export type OrderRequest = BuyRequest | SellRequest | TransferRequest | WithdrawRequest
