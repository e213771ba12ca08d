import { type AnyChangeKind, anyChangeKind } from '../approvals/change-kind.ts'
import { GRANT_ROLES } from '../operators/admin/grant-roles.ts'
import { OPEN_SWITCH } from '../switches/open-switch.ts'

/** Every kind of change that takes two people. */
export const CHANGE_KINDS: readonly AnyChangeKind[] = [anyChangeKind(GRANT_ROLES), anyChangeKind(OPEN_SWITCH)]
