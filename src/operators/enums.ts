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
  'invited',
  'enrolled',
  'account_linked',
  'sign_in_confirmed',
  'sign_in_revoked',
] as const

/** By what an operator signs in at the console. */
export const FACTOR_KINDS = ['password', 'oidc'] as const

/** How a session of the console was proven. `declared`: anybody may have typed the name. */
export const SESSION_PROOFS = [...FACTOR_KINDS, 'declared'] as const
export type SessionProof = (typeof SESSION_PROOFS)[number]

/** How it was known who acted in a transaction. */
export const ACT_PROOFS = ['token', ...SESSION_PROOFS] as const
export type ActProof = (typeof ACT_PROOFS)[number]
