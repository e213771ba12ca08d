import { type AnyChangeKind, anyChangeKind } from '../approvals/change-kind.ts'
import { OPEN_SWITCH } from '../switches/open-switch.ts'
import { LOOSEN_POLICY } from '../wallets/commands.ts'
import { LINK_WALLETS } from '../wallets/link.ts'

/** Every kind of change that takes two people. */
export const CHANGE_KINDS: readonly AnyChangeKind[] = [
  anyChangeKind(OPEN_SWITCH),
  anyChangeKind(LINK_WALLETS),
  anyChangeKind(LOOSEN_POLICY),
]
