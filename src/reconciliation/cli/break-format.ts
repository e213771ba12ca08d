import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { formatDecimal, formatMoney, formatWeight } from '../../core/format.ts'
import type { BreakStory, OpenBreak } from '../break-queries.ts'
import { BREAK_TYPES } from '../enums.ts'

/** How breaks are printed. */

/** A break without control characters in its names. */
export function shownBreak(row: OpenBreak): OpenBreak {
  return { ...row, owner: shownTextOrNull(row.owner), proposedBy: shownTextOrNull(row.proposedBy) }
}

export function asTable(breaks: readonly OpenBreak[]): string {
  const headings = ['break', 'type', 'about', 'rupiah at risk', 'grams', 'due', 'owner', 'proposed by']
  const rows = breaks.map((row) => [
    String(row.breakId),
    row.type,
    row.partner === null
      ? `statement ${row.statementId} line ${row.lineNumber}`
      : `${row.partner}/${row.reference}`,
    formatMoney(row.rupiahAtRisk),
    formatDecimal(row.gramsAtRisk),
    `${shownTime(row.dueAt)}${row.overdue ? ' overdue' : ''}`,
    row.owner ?? '–',
    row.proposedBy ?? '–',
  ])
  return table(headings, rows, ['break', 'rupiah at risk', 'grams'])
}

/** The same for a break with its history. */
export function shownStory(story: BreakStory): BreakStory {
  return {
    ...story,
    owner: shownTextOrNull(story.owner),
    statement: shownTextOrNull(story.statement),
    events: story.events.map((event) => ({
      ...event,
      actor: shownText(event.actor),
      note: shownTextOrNull(event.note),
      owner: shownTextOrNull(event.owner),
    })),
  }
}

export function formatBreak(story: BreakStory): string {
  const { ours, theirs } = story.difference
  return [
    `break ${story.breakId}: ${story.type}, ${story.state} (${story.reason})`,
    `  means      ${BREAK_TYPES[story.type].means}`,
    `  at risk    ${formatMoney(story.rupiahAtRisk)}, ${formatWeight(story.gramsAtRisk)}`,
    ...(story.orderId === null ? [] : [`  order      ${story.orderId}`]),
    ...(story.statement === null ? [] : [`  statement  ${story.statement}`]),
    ...(ours === undefined ? [] : [`  ours       ${JSON.stringify(ours)}`]),
    ...(theirs === undefined ? [] : [`  theirs     ${JSON.stringify(theirs)}`]),
    `  due        ${shownTime(story.dueAt)}, owner ${story.owner ?? 'nobody'}`,
    '',
    ...story.events.map(
      ({ at, reason, actor, note, owner }) =>
        `${shownTime(at)}  ${reason}${reason === 'assigned' ? ` to ${owner}` : ''}, by ${actor}${note === null ? '' : `: ${note}`}`,
    ),
  ].join('\n')
}
