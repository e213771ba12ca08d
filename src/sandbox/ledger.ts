import type { OrderKind } from '../domain/command.ts'
import type { GoldWeight, Rupiah } from '../domain/money.ts'
import type { LedgerEntry } from './ledger-check.ts'
import { hexDigits } from './random.ts'

/** A customer's balances. */
export interface Wallet {
  readonly rupiah: Rupiah
  readonly goldWeight: GoldWeight
  /** Only a premium account may trade. */
  readonly premium: boolean
}

/** What a checkout promised, or the address a withdrawal goes to. */
export interface SandboxQuote {
  readonly quoteId: string
  readonly type: OrderKind
  readonly by: 'grams' | 'rupiah'
  readonly phoneNumber: string
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  readonly fee: Rupiah
  readonly recipient: string | null
  readonly priceVersion: number
}

/** Why the ledger does not execute. */
export type LedgerRefusal = 'user_not_found' | 'insufficient_balance' | 'invalid_recipient'

/** What moves: the wallet gives, and gets, and for a transfer somebody else gets. */
interface Movement {
  readonly rupiah: number
  readonly goldWeight: number
}

export interface Ledger {
  openWallet(phoneNumber: string, wallet: Wallet): void
  wallet(phoneNumber: string): Wallet | null
  /**
   * Executes a quote, as often as it is asked to: the real gateway documents no idempotency key.
   * @returns the transaction, or why nothing moved
   */
  execute(quote: SandboxQuote, at: Date): LedgerEntry | LedgerRefusal
  entries(): readonly LedgerEntry[]
}

/** Opens empty books. Wallets that are not known are opened with `newWallet`, unless that is null. */
export function createLedger(seed: number, newWallet: Wallet | null): Ledger {
  const wallets = new Map<string, Wallet>()
  const entries: LedgerEntry[] = []

  const wallet = (phoneNumber: string): Wallet | null => {
    const known = wallets.get(phoneNumber)
    if (known !== undefined) return known
    if (newWallet !== null) wallets.set(phoneNumber, newWallet)
    return newWallet
  }
  const add = (phoneNumber: string, { rupiah, goldWeight, premium }: Wallet, movement: Movement) =>
    wallets.set(phoneNumber, {
      rupiah: (rupiah + movement.rupiah) as Rupiah,
      goldWeight: (goldWeight + movement.goldWeight) as GoldWeight,
      premium,
    })

  return {
    openWallet: (phoneNumber, opened) => void wallets.set(phoneNumber, opened),
    wallet,
    execute(quote, at) {
      const from = wallet(quote.phoneNumber)
      if (from === null) return 'user_not_found'
      const movement = movementOf(quote)
      if (from.rupiah + movement.rupiah < 0 || from.goldWeight + movement.goldWeight < 0)
        return 'insufficient_balance'
      if (quote.type === 'transfer') {
        const recipient = quote.recipient
        const to = recipient === null || recipient === quote.phoneNumber ? null : wallet(recipient)
        if (recipient === null || to === null) return 'invalid_recipient'
        add(recipient, to, { rupiah: 0, goldWeight: quote.goldWeight })
      }
      add(quote.phoneNumber, from, movement)
      const entry = entryOf(seed, entries.length + 1, quote, at)
      entries.push(entry)
      return entry
    },
    entries: () => entries,
  }
}

function movementOf({ type, goldWeight, amount, fee }: SandboxQuote): Movement {
  switch (type) {
    case 'buy':
      return { rupiah: -(amount + fee), goldWeight }
    case 'sell':
      return { rupiah: amount - fee, goldWeight: -goldWeight }
    case 'transfer':
      return { rupiah: -fee, goldWeight: -goldWeight }
    case 'withdraw':
      return { rupiah: -(amount + fee), goldWeight: -goldWeight }
  }
}

/** As long as the document's. Sandboxes with different seeds give different ids, as one gateway would. */
const FIRST_RESPONSE_ID = 1_082_102_090_000_000
const IDS_PER_SEED = 100_000_000
const SEEDS = 10_000_000

function entryOf(seed: number, serial: number, quote: SandboxQuote, at: Date): LedgerEntry {
  const { quoteId, type, phoneNumber, goldWeight, amount, fee } = quote
  return {
    sessionId: hexDigits(seed, 'session', serial),
    responseId: String(FIRST_RESPONSE_ID + (seed % SEEDS) * IDS_PER_SEED + serial),
    requestId: quoteId,
    type,
    phoneNumber,
    goldWeight,
    amount,
    fee,
    executedAt: at,
  }
}
