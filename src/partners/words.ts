/** What a key may be used for. A key has exactly those it was given. */
export const SCOPES = ['orders:write', 'orders:read', 'batches:write', 'approve'] as const
export type Scope = (typeof SCOPES)[number]

/** Whether a partner is let in at all. */
export const PARTNER_STATES = ['active', 'suspended'] as const
export type PartnerState = (typeof PARTNER_STATES)[number]

/** What can happen to a partner or a key of it; the trigger writes it into `partner_events`. */
export const PARTNER_EVENTS = [
  'added',
  'limits_set',
  'suspended',
  'resumed',
  'key_added',
  'key_expires',
  'key_revoked',
] as const
