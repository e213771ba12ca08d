import { type AnyChangeKind, anyChangeKind } from '../approvals/change-kind.ts'
import { CHANGE_HOLIDAYS } from '../holidays/change-holidays.ts'
import { GRANT_ROLES } from '../operators/admin/grant-roles.ts'
import { CHANGE_SCOPES, RAISE_LIMITS } from '../partners/change-kinds.ts'
import { CHANGE_PLAN } from '../plans/change-plan.ts'
import { RELEASE_RESTORED } from '../recovery/release-restored.ts'
import { OPEN_SWITCH } from '../switches/open-switch.ts'
import { LOOSEN_POLICY } from '../wallets/commands.ts'
import { LINK_WALLETS } from '../wallets/link.ts'
import { CHANGE_ENDPOINT } from '../webhooks/change-kind.ts'

/** Every kind of change that takes two people. */
export const CHANGE_KINDS: readonly AnyChangeKind[] = [
  anyChangeKind(OPEN_SWITCH),
  anyChangeKind(RELEASE_RESTORED),
  anyChangeKind(LINK_WALLETS),
  anyChangeKind(LOOSEN_POLICY),
  anyChangeKind(GRANT_ROLES),
  anyChangeKind(RAISE_LIMITS),
  anyChangeKind(CHANGE_SCOPES),
  anyChangeKind(CHANGE_ENDPOINT),
  anyChangeKind(CHANGE_HOLIDAYS),
  anyChangeKind(CHANGE_PLAN),
]
