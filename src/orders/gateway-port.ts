import type { OrderCommand } from './command.ts'
import type { CheckoutOutcome, ConfirmOutcome, Quote } from './outcomes.ts'

/** What an order needs of the gateway. Neither call throws: everything that can happen is an outcome. */
export interface OrderGateway {
  /** Asks for a quote. Moves nothing; safe to repeat. A withdrawal registers its address instead. */
  checkout(command: OrderCommand): Promise<CheckoutOutcome>
  /** Sends the one confirm of this quote. The caller holds the quote's intent. */
  confirm(command: OrderCommand, quote: Quote): Promise<ConfirmOutcome>
}
