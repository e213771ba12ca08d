import { draw } from '../../../src/dev/sandbox/random.ts'
import type { OrderRequest } from '../../../src/queue/order-request.ts'
import { KTP, postalAddress } from '../../support/factories/job-data.ts'

/** The partner whose orders a storm's are. */
export const PARTNER = 'storm'

/** An order of the storm. Most have a wallet of their own, so that the gateway's ledger tells how often each was executed. */
export interface StormOrder {
  readonly reference: string
  readonly wallet: string
  /** Null: the partner's system is broken, and sends a job that must be refused. */
  readonly request: OrderRequest | null
  /** Other content under the same reference: one of the two stands, and the other is refused. */
  readonly conflicting: OrderRequest | null
  /** Sent twice at once, as a partner's system does that heard no answer. */
  readonly isRepeated: boolean
  /** Has a deadline that may pass while the storm lasts. */
  readonly isUrgent: boolean
  /** Its wallet is not the partner's: it must be refused. */
  readonly isForeign: boolean
}

const SHARES = {
  ...{ invalid: 0.005, foreign: 0.01, conflicting: 0.01, repeated: 0.15, urgent: 0.01, limited: 0.02 },
  // Buys, because debits of a wallet would wait for the statement when one of them is in doubt.
  shared: 0.2,
} as const
/** How many orders a shared wallet has, about. */
const OF_SHARED_WALLET = 5

/** The orders of a seed: all four kinds, buys by weight and by amount. */
export function stormOrders(seed: number, count: number): StormOrder[] {
  return Array.from({ length: count }, (_, n) => stormOrder(seed, n, count))
}

function stormOrder(seed: number, n: number, count: number): StormOrder {
  const hits = (share: keyof typeof SHARES) => draw(seed, share, n) < SHARES[share]
  const reference = `order-n${n}`
  const isShared = hits('shared')
  const lanes = Math.ceil((count * SHARES.shared) / OF_SHARED_WALLET)
  const lane = Math.floor(draw(seed, 'lane', n) * lanes)
  const wallet = isShared ? walletIn('0814', lane) : walletIn('0812', n)
  const common = { partner: PARTNER, reference, phone_number: wallet }
  const request = requestOf(seed, n, common, { isLimited: hits('limited'), isBuy: isShared })
  const other = { ...common, kind: 'sell', gold_weight: '0.9' } as const
  return {
    ...{ reference, wallet, isRepeated: hits('repeated'), isUrgent: hits('urgent') },
    isForeign: !isShared && hits('foreign'),
    request: hits('invalid') ? null : request,
    // A debit would wait behind a doubt.
    conflicting: hits('conflicting') && !isShared ? other : null,
  }
}

const walletIn = (prefix: string, n: number) => `${prefix}${String(n).padStart(8, '0')}`

type Common = Pick<OrderRequest, 'partner' | 'reference' | 'phone_number'>

function requestOf(
  seed: number,
  n: number,
  common: Common,
  { isLimited, isBuy }: { readonly isLimited: boolean; readonly isBuy: boolean },
): OrderRequest {
  const grams = (1 + Math.floor(draw(seed, 'grams', n) * 20_000)) / 10_000
  const limit = isLimited ? { limit: { max_price_per_gram: 883_380 } } : {}
  switch (Math.floor(draw(seed, 'kind', n) * (isBuy ? 2 : 5))) {
    case 0:
      return { ...common, kind: 'buy', gold_weight: grams, ...limit }
    case 1:
      return { ...common, kind: 'buy', amount: 10_000 + Math.floor(grams * 800_000), ...limit }
    case 2:
      return { ...common, kind: 'sell', gold_weight: grams }
    case 3:
      return { ...common, kind: 'transfer', gold_weight: grams, recipient: recipientOf(n), remarks: 'gift' }
    default:
      return { ...common, kind: 'withdraw', gold_weight: 2, ktp: KTP, address: postalAddress() }
  }
}

/** No order's own wallet. */
const recipientOf = (n: number) => walletIn('0813', n % 100)

/** Data that no worker may take, whatever its kind: a weight with five decimals. */
export function invalidJob({ reference, wallet }: StormOrder): { name: string; data: object } {
  return { name: 'sell', data: { partner: PARTNER, reference, phone_number: wallet, gold_weight: '0.00001' } }
}
