import type { AnyChangeKind } from '../approvals/change-kind.ts'

/** Every kind of change that takes two people. */
export const CHANGE_KINDS: readonly AnyChangeKind[] = []
