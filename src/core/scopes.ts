/** What a key may be used for. A key has exactly the scopes that it was given. */
export const SCOPES = ['orders:write', 'orders:read', 'batches:write', 'approve', 'webhooks'] as const
export type Scope = (typeof SCOPES)[number]

/** The scopes of a key by default: neither approving, which is for another holder, nor where events are sent. */
export const DEFAULT_SCOPES: readonly Scope[] = ['orders:write', 'orders:read', 'batches:write']
