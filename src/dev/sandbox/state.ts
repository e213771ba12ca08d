import type { GoldWeight, Rupiah } from '../../core/money.ts'
import type { Journal, JournalRecord } from './journal.ts'
import { createLedger, type Ledger, type SandboxQuote } from './ledger.ts'
import { createPrices, type Prices } from './prices.ts'

/** The address of a wallet's withdrawals, by the gateway's field names. */
export type StoredAddress = Readonly<Record<string, string>>

/** A map whose entries are written to the journal before they are set. */
export type JournaledMap<T> = Pick<Map<string, T>, 'get'> & { set(key: string, value: T): void }

/** The state of a sandbox. */
export interface SandboxState {
  readonly prices: Prices
  readonly ledger: Ledger
  readonly quotes: JournaledMap<SandboxQuote>
  readonly addresses: JournaledMap<StoredAddress>
  /** The next number for ids of quotes and registrations. */
  nextId(): number
  /** Milliseconds since the epoch. */
  now(): number
  /** Counts a checkout. The price moves after a number of them. */
  countCheckout(): void
}

/** The balances of a new wallet. */
export interface OpeningBalances {
  readonly rupiah: number
  /** Integer count of 0.0001 g. */
  readonly goldWeight: number
}

/** Ids that one line of the journal reserves. */
const IDS_PER_LINE = 1_000

/** Restores the state from the journal. */
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
  const prices = journaledPrices(journal)
  let checkouts = 0
  return {
    prices,
    ledger: createLedger(journal, newWallet),
    quotes: journaledMap(
      pastOf(journal, 'quote').map(({ quote }) => [quote.quoteId, quote]),
      (_quoteId, quote) => journal.append({ is: 'quote', quote }),
    ),
    addresses: journaledMap(
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

function journaledMap<T>(
  past: readonly (readonly [string, T])[],
  write: (key: string, value: T) => void,
): JournaledMap<T> {
  const values = new Map(past)
  return {
    get: (key) => values.get(key),
    set(key, value) {
      write(key, value)
      values.set(key, value)
    },
  }
}

/** Continues the walk of prices where it stood, so that a quote that died before a restart stays dead. */
function journaledPrices(journal: Journal): Prices {
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

/** Ids that no earlier start has issued, also in replies that the journal does not have. */
function idsFrom(journal: Journal): () => number {
  let taken = pastOf(journal, 'ids').at(-1)?.upTo ?? FIRST_ID - 1
  let last = taken
  return () => {
    if (last === taken) {
      journal.append({ is: 'ids', upTo: taken + IDS_PER_LINE })
      taken += IDS_PER_LINE
    }
    last += 1
    return last
  }
}

const FIRST_ID = 1_612_853_774
