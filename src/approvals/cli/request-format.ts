import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import type { AnyChangeKind } from '../change-kind.ts'
import type { RequestRow } from '../queries.ts'

/** The change as a sentence. */
export function descriptionOf(
  kinds: readonly AnyChangeKind[],
  { kind, payload }: Pick<RequestRow, 'kind' | 'payload'>,
): string {
  const known = kinds.find(({ name }) => name === kind)
  return known === undefined ? kind : shownText(known.describe(payload))
}

/** A request for `--json`. Its payload may have phone numbers: the description has none that is unmasked. */
export function asJson(kinds: readonly AnyChangeKind[], row: RequestRow): Record<string, unknown> {
  return {
    requestId: row.requestId,
    kind: row.kind,
    change: descriptionOf(kinds, row),
    note: shownText(row.note),
    proposedBy: shownText(row.proposedBy),
    proposedAt: row.proposedAt,
    state: row.state,
    decidedBy: shownTextOrNull(row.decidedBy),
    decidedAt: row.decidedAt,
    decisionNote: shownTextOrNull(row.decisionNote),
    alone: row.alone,
  }
}
