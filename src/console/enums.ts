/** What happened at the console that no other room records. */
export const CONSOLE_EVENTS = [
  'signed_in',
  'sign_in_refused',
  'signed_out',
  'phone_number_shown',
  'orders_exported',
  'results_exported',
  'audit_exported',
] as const
export type ConsoleEvent = (typeof CONSOLE_EVENTS)[number]
