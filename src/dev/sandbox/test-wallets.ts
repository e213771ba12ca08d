/** The faults that are a wallet's fate. Names of `FAULTS`, which asks this file. */
type Fate = 'insufficient_balance' | 'user_not_found' | 'price_change' | 'reply_lost' | 'request_dropped'

/** What always becomes of the orders of a wallet, so that a partner can try each end of an order. */
export interface TestWallet {
  readonly phoneNumber: string
  readonly what: string
  /** Null: no fault ever strikes it. */
  readonly fault: Fate | null
  readonly on: 'checkout' | 'confirm'
  /** Of its requests of this phase and kind, each so-manieth is struck, beginning with the first. */
  readonly every: number
}

const always = (last: number, what: string, fault: Fate | null, on: 'checkout' | 'confirm' = 'confirm') => ({
  ...{ phoneNumber: `08999900000${last}`, what, fault, on },
  every: 1,
})

/** The wallets of the sandbox with a fate of their own. The faults that are set otherwise do not strike them. */
export const TEST_WALLETS: readonly TestWallet[] = [
  always(1, 'always succeeds', null),
  always(2, 'is refused at its confirm: insufficient_balance', 'insufficient_balance'),
  always(3, 'is refused at its checkout: user_not_found', 'user_not_found', 'checkout'),
  {
    ...always(
      4,
      'meets a new price at every other confirm, and succeeds with the next quote',
      'price_change',
    ),
    every: 2,
  },
  always(5, 'never gets a price that holds, until its deadline', 'price_change'),
  always(6, 'is executed and ends in doubt: the reply is lost, the statement has it', 'reply_lost'),
  always(7, 'is not executed and ends in doubt: the statement does not have it', 'request_dropped'),
]

/**
 * The fault that strikes a test wallet's request.
 * @param count how many requests of this phase and kind it has sent, this one included
 * @returns undefined when the wallet is none
 */
export function testWalletFault(
  phoneNumber: string,
  phase: 'checkout' | 'confirm',
  count: number,
): Fate | null | undefined {
  const wallet = TEST_WALLETS.find((each) => each.phoneNumber === phoneNumber)
  if (wallet === undefined) return undefined
  return wallet.on === phase && (count - 1) % wallet.every === 0 ? wallet.fault : null
}
