import type { Rupiah } from '../../core/money.ts'
import { nullable, type Scalar } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import type { OrderState } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'

/** Which orders; null does not narrow. */
export interface OrderSearch {
  readonly state: OrderState | null
  readonly kind: OrderKind | null
  readonly partner: string | null
  readonly phoneNumber: string | null
  readonly reference: string | null
  readonly sessionId: string | null
  /** The quote's id, which a confirm sends as its request_id. */
  readonly requestId: string | null
  readonly responseId: string | null
  /** Asked for, quoted or executed. */
  readonly amount: Rupiah | null
  readonly from: Date | null
  /** Exclusive. */
  readonly to: Date | null
}

/** A time that a Date cannot have: with microseconds, or infinite. */
export const timeText: Scalar<string> = { sqlType: 'timestamptz' }

/** The values of a search that narrow orders row by row. */
export const NARROWING = {
  state: nullable(orders.state),
  kind: nullable(orders.kind),
  partner: nullable(orders.partner),
  phoneNumber: nullable(orders.phoneNumber),
  amount: nullable(attempts.amount),
  from: timeText,
  to: timeText,
}

/** A search as these values. */
export const narrowingOf = ({ state, kind, partner, phoneNumber, amount, from, to }: OrderSearch) => ({
  ...{ state, kind, partner, phoneNumber, amount },
  from: from?.toISOString() ?? '-infinity',
  to: to?.toISOString() ?? 'infinity',
})
