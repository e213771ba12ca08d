/** The holder of a partner's first key. */
export const FIRST_HOLDER = 'main'

/** What the name of a holder may be: of a person or a system of the partner. */
export const HOLDER = /^[a-z0-9][a-z0-9-]{0,31}$/

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
