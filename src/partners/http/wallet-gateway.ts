import type { OrderCommand } from '../../orders/command.ts'
import type { CheckoutOutcome } from '../../orders/outcomes.ts'

/** The gateway's answer to a request that is not an order: its data, or its message. */
export type GatewayAnswer<Data> =
  | { readonly is: 'answered'; readonly data: Data }
  | { readonly is: 'refused'; readonly message: string }
  | { readonly is: 'trouble'; readonly message: string }

/** A wallet's withdrawal address as the gateway keeps it. */
export interface WalletAddress {
  readonly province: string
  readonly city: string
  readonly district: string
  readonly subdistrict: string
  readonly address: string
  readonly zip_code: string
  readonly note: string
  readonly ktp: string
}

/** The gateway's operations that the API uses. */
export interface WalletGateway {
  register(wallet: { phone_number: string; name: string; email: string }): Promise<GatewayAnswer<object>>
  region(kecamatan: string): Promise<GatewayAnswer<readonly unknown[]>>
  getAddress(phoneNumber: string): Promise<GatewayAnswer<WalletAddress>>
  /** A quote that nobody confirms. */
  quote(command: OrderCommand): Promise<CheckoutOutcome>
  chart(
    side: 'buy' | 'sell',
    phoneNumber: string,
  ): Promise<GatewayAnswer<readonly { date: string; value: number }[]>>
}

declare module '../../http/route.ts' {
  interface ApiDeps {
    /** Null: no gateway is configured; routes that need one answer `gateway_missing`. */
    readonly gateway: WalletGateway | null
  }
}
