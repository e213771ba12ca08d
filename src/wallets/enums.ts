/** How a wallet became its partner's: it activated it here, two people linked it, or it placed the first order. */
export const WALLET_ORIGINS = ['registered', 'linked', 'first_use'] as const
export type WalletOrigin = (typeof WALLET_ORIGINS)[number]

/** `unlinked`: nobody's orders are accepted for it until two people link it again. */
export const WALLET_STATES = ['linked', 'unlinked'] as const
export type WalletState = (typeof WALLET_STATES)[number]

/** What happened to a wallet: how it became a partner's, or that it was taken from it. */
export const WALLET_EVENTS = [...WALLET_ORIGINS, 'unlinked'] as const
