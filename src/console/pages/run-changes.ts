import { html, type Markup } from '../../core/html.ts'
import { BREAK_TYPE_NAMES } from '../../reconciliation/enums.ts'
import type { RunCounts } from '../../reconciliation/run-counts.ts'
import { countOf, facts, joined, link, section } from '../html/parts.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

/** What a run has changed, as the page after it tells. */
export function runChanges(counts: RunCounts, texts: Texts): Markup {
  const { matched, settled, stayInDoubt, opened, reopened, explained, openBreaks } = counts
  const total = (each: Readonly<Record<string, number | undefined>>) =>
    Object.values(each).reduce<number>((sum, count) => sum + (count ?? 0), 0)
  const types = BREAK_TYPE_NAMES.flatMap((type) => {
    const count = opened[type] ?? 0
    return count === 0
      ? []
      : [html`${countOf(count)} ${link(`/breaks?type=${type}`, wordOf(texts, 'break', type))}; `]
  })
  const body = facts([
    [texts('recon.matched'), countOf(total(matched))],
    [
      texts('recon.settled'),
      html`${countOf(settled.succeeded)} ${wordOf(texts, 'state', 'succeeded')}, ${countOf(settled.rejected)} ${wordOf(texts, 'state', 'rejected')}`,
    ],
    [texts('recon.left'), countOf(total(stayInDoubt))],
    [texts('recon.opened'), types.length === 0 ? countOf(0) : joined(types)],
    [texts('recon.explained'), countOf(explained)],
    [
      texts('nav.breaks'),
      html`${countOf(openBreaks)} ${wordOf(texts, 'breakstate', 'open')}${reopened === 0 ? '' : ` (+${countOf(reopened)})`}`,
    ],
  ])
  return section(texts('recon.changed'), body, 'changes')
}
