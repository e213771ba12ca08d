import type { GoldWeight, Rupiah } from '../domain/money.ts'
import { createLedger, type Ledger, type SandboxQuote } from './ledger.ts'
import { createPrices, type Prices } from './prices.ts'

/** Where a wallet's bars are sent, in the gateway's spelling. */
export type StoredAddress = Readonly<Record<string, string>>

/** Everything the sandbox knows. */
export interface Books {
  readonly prices: Prices
  readonly ledger: Ledger
  readonly quotes: Map<string, SandboxQuote>
  readonly addresses: Map<string, StoredAddress>
  /** The next number for ids of quotes and registrations. */
  nextId(): number
  /** Milliseconds since the epoch. */
  now(): number
  /** Counts a checkout; every so many the price moves. */
  countCheckout(): void
}

/** What a wallet starts with that is seen for the first time. */
export interface OpeningBalances {
  readonly rupiah: number
  /** Integer count of 0.0001 g. */
  readonly goldWeight: number
}

/** Opens the books of a new sandbox. */
export function openBooks(
  seed: number,
  openWallets: OpeningBalances | null,
  priceMoveEvery: number | null,
  now: () => number,
): Books {
  const newWallet =
    openWallets === null
      ? null
      : {
          rupiah: openWallets.rupiah as Rupiah,
          goldWeight: openWallets.goldWeight as GoldWeight,
          premium: true,
        }
  const prices = createPrices(seed)
  let ids = 1_612_853_773
  let checkouts = 0
  return {
    prices,
    ledger: createLedger(seed, newWallet),
    quotes: new Map(),
    addresses: new Map(),
    nextId() {
      ids += 1
      return ids
    },
    now,
    countCheckout() {
      checkouts += 1
      if (priceMoveEvery !== null && checkouts % priceMoveEvery === 0) prices.move()
    },
  }
}
