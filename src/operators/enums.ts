/**
 * What an operator may do. `viewer` reads; `maker` proposes, and makes things safer; `checker` approves what another operator
 * proposed; `admin` administrates operators and partners. Every operator may read.
 */
export const ROLES = ['viewer', 'maker', 'checker', 'admin'] as const
export type Role = (typeof ROLES)[number]

/**
 * How names of persons are to be taken: `proven` by an operator's token, or `declared` by whoever gives the command, which
 * only the databases of `up` and `demo` allow.
 */
export const IDENTITIES = ['proven', 'declared'] as const
export type Identity = (typeof IDENTITIES)[number]

export const OPERATOR_EVENTS = [
  'added',
  'roles_set',
  'disabled',
  'enabled',
  'token_added',
  'token_ends',
  'token_revoked',
] as const
