/**
 * Whose wallets orders may be accepted for. `owned`: the partner's own. `first_use`: also one that is nobody's, which
 * becomes the partner's with the order. `open`: any wallet. From the strictest to the loosest.
 */
export const WALLET_POLICIES = ['owned', 'first_use', 'open'] as const
export type WalletPolicy = (typeof WALLET_POLICIES)[number]
