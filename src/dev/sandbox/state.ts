import type { GoldWeight, Rupiah } from '../../core/money.ts'
import type { Journal, JournalRecord } from './journal.ts'
import { createLedger, type Ledger, type SandboxQuote } from './ledger.ts'
import { createPrices, type Prices } from './prices.ts'

/** Where a wallet's bars are sent, in the gateway's spelling. */
export type StoredAddress = Readonly<Record<string, string>>

/** Things by their key, each written to the journal before it is kept. */
export type Kept<T> = Pick<Map<string, T>, 'get'> & { set(key: string, value: T): void }

/** Everything the sandbox knows. */
export interface SandboxState {
  readonly prices: Prices
  readonly ledger: Ledger
  readonly quotes: Kept<SandboxQuote>
  readonly addresses: Kept<StoredAddress>
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

/** So many ids are taken from the journal at once: one written line is enough for all of them. */
const IDS_AT_ONCE = 1_000

/** Opens the books as the journal has them. */
export function openState(
  journal: Journal,
  openWallets: OpeningBalances | null,
  priceMoveEvery: number | null,
  now: () => number,
): SandboxState {
  const newWallet =
    openWallets === null
      ? null
      : {
          rupiah: openWallets.rupiah as Rupiah,
          goldWeight: openWallets.goldWeight as GoldWeight,
          premium: true,
        }
  const prices = keptPrices(journal)
  let checkouts = 0
  return {
    prices,
    ledger: createLedger(journal, newWallet),
    quotes: kept(
      pastOf(journal, 'quote').map(({ quote }) => [quote.quoteId, quote]),
      (_quoteId, quote) => journal.append({ is: 'quote', quote }),
    ),
    addresses: kept(
      pastOf(journal, 'address').map(({ phoneNumber, address }) => [phoneNumber, address]),
      (phoneNumber, address) => journal.append({ is: 'address', phoneNumber, address }),
    ),
    nextId: idsFrom(journal),
    now,
    countCheckout() {
      checkouts += 1
      if (priceMoveEvery !== null && checkouts % priceMoveEvery === 0) prices.move()
    },
  }
}

function pastOf<K extends JournalRecord['is']>({ past }: Journal, is: K) {
  return past.filter((record): record is Extract<JournalRecord, { is: K }> => record.is === is)
}

function kept<T>(past: readonly (readonly [string, T])[], write: (key: string, value: T) => void): Kept<T> {
  const values = new Map(past)
  return {
    get: (key) => values.get(key),
    set(key, value) {
      write(key, value)
      values.set(key, value)
    },
  }
}

/** The walk of prices from where it stood: a quote that died before a restart stays dead. */
function keptPrices(journal: Journal): Prices {
  const prices = createPrices(journal.seed)
  const last = pastOf(journal, 'price').at(-1)?.version ?? 0
  while (prices.version() < last) prices.move()
  return {
    ...prices,
    move() {
      journal.append({ is: 'price', version: prices.version() + 1 })
      prices.move()
    },
  }
}

/** Ids that no earlier start has given, also those of replies that are not written down. */
function idsFrom(journal: Journal): () => number {
  let taken = pastOf(journal, 'ids').at(-1)?.upTo ?? FIRST_ID - 1
  let last = taken
  return () => {
    if (last === taken) {
      journal.append({ is: 'ids', upTo: taken + IDS_AT_ONCE })
      taken += IDS_AT_ONCE
    }
    last += 1
    return last
  }
}

const FIRST_ID = 1_612_853_774
