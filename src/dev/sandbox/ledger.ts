import type { GoldWeight, Rupiah } from '../../core/money.ts'
import type { OrderKind } from '../../orders/command.ts'
import type { Journal, JournalRecord } from './journal.ts'
import type { LedgerEntry } from './ledger-check.ts'
import { hexDigits } from './random.ts'

/** A customer's balances. */
export interface Wallet {
  readonly rupiah: Rupiah
  readonly goldWeight: GoldWeight
  /** Only a premium account may trade. */
  readonly premium: boolean
}

/** The quote of a checkout, or the address of a withdrawal. */
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

/** Why the ledger refuses to execute a quote. */
export type LedgerRefusal = 'user_not_found' | 'insufficient_balance' | 'invalid_recipient'

/** The changes of a wallet's balances. */
interface Movement {
  readonly rupiah: number
  readonly goldWeight: number
}

export interface Ledger {
  openWallet(phoneNumber: string, wallet: Wallet): void
  wallet(phoneNumber: string): Wallet | null
  /**
   * Executes a quote every time it is called: the real gateway documents no idempotency key.
   * @returns the transaction, or why nothing moved
   */
  execute(quote: SandboxQuote, at: Date): LedgerEntry | LedgerRefusal
  entries(): readonly LedgerEntry[]
}

/**
 * Restores the ledger from its journal. Unknown wallets are opened with `newWallet`, unless that is null. Executions are
 * written to the journal first, so a journal that cannot be written refuses them.
 */
export function createLedger(journal: Journal, newWallet: Wallet | null): Ledger {
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

  /** Executes a quote that `refusalOf` has accepted. */
  const move = (quote: SandboxQuote, at: Date): LedgerEntry => {
    const from = wallet(quote.phoneNumber) ?? EMPTY
    if (quote.recipient !== null)
      add(quote.recipient, wallet(quote.recipient) ?? EMPTY, { rupiah: 0, goldWeight: quote.goldWeight })
    add(quote.phoneNumber, from, movementOf(quote))
    const entry = entryOf(journal.seed, entries.length + 1, quote, at)
    entries.push(entry)
    return entry
  }
  const refusalOf = (quote: SandboxQuote): LedgerRefusal | null => {
    const from = wallet(quote.phoneNumber)
    if (from === null) return 'user_not_found'
    const movement = movementOf(quote)
    if (from.rupiah + movement.rupiah < 0 || from.goldWeight + movement.goldWeight < 0)
      return 'insufficient_balance'
    if (quote.type !== 'transfer') return null
    const { recipient } = quote
    const isNobody = recipient === null || recipient === quote.phoneNumber || wallet(recipient) === null
    return isNobody ? 'invalid_recipient' : null
  }
  for (const past of journal.past) restore(past, wallets, move)

  return {
    openWallet(phoneNumber, opened) {
      journal.append({ is: 'wallet', phoneNumber, wallet: opened })
      wallets.set(phoneNumber, opened)
    },
    wallet,
    execute(quote, at) {
      const refusal = refusalOf(quote)
      if (refusal !== null) return refusal
      journal.append({ is: 'executed', quote, at })
      return move(quote, at)
    },
    entries: () => entries,
  }
}

const EMPTY: Wallet = { rupiah: 0 as Rupiah, goldWeight: 0 as GoldWeight, premium: true }

function restore(
  past: JournalRecord,
  wallets: Map<string, Wallet>,
  move: (quote: SandboxQuote, at: Date) => LedgerEntry,
): void {
  if (past.is === 'wallet') wallets.set(past.phoneNumber, past.wallet)
  if (past.is === 'executed') move(past.quote, past.at)
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

/** As long as the document's ids. Sandboxes with different seeds issue different ids. */
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
