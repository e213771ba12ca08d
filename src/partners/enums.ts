/** The holder of a partner's first key. */
export const FIRST_HOLDER = 'main'

/** Names of holders: persons or systems of a partner. */
export const HOLDER = /^[a-z0-9][a-z0-9-]{0,31}$/

/** A suspended partner gets no answer but that it is suspended. */
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
