/** The changes that take two people, besides the decisions of reconciliation and the approval of a batch. */
export const CHANGE_KIND_NAMES = [
  'open_switch',
  'release_restored',
  'link_wallet',
  'loosen_wallet_policy',
  'raise_limits',
  'change_scopes',
  'change_endpoint',
  'grant_roles',
  'change_holidays',
  'change_plan',
] as const
export type ChangeKindName = (typeof CHANGE_KIND_NAMES)[number]

/** The states of a change request. It is decided once. */
export const REQUEST_STATES = ['open', 'approved', 'declined'] as const
export type RequestState = (typeof REQUEST_STATES)[number]
