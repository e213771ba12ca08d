/** What a key may be used for. A key has exactly those it was given. */
export const SCOPES = ['orders:write', 'orders:read', 'batches:write', 'approve'] as const
export type Scope = (typeof SCOPES)[number]

/** What a key may do when nobody says: everything but approving, which is another holder's. */
export const DEFAULT_SCOPES: readonly Scope[] = ['orders:write', 'orders:read', 'batches:write']
