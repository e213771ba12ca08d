import { html, type Markup } from '../../core/html.ts'
import { listHolidaysOf } from '../../holidays/store.ts'
import type { PlanSummary } from '../../plans/queries.ts'
import { listSkips } from '../../plans/skips.ts'
import { findLinkedPlans } from '../../plans/store.ts'
import { commandForm, input } from '../html/forms.ts'
import { columnsOf, EMPTY, empty, link, safeText, section, table, timeTag } from '../html/parts.ts'
import { type Call, MAKES_SAFER, PROPOSES } from '../route.ts'

/** The forms that skip a date of a plan, and make one due again. */
export function dayForms(call: Call, plan: PlanSummary, seen: string): Markup[] {
  const { texts } = call
  if (plan.state !== 'active' && plan.state !== 'paused') return []
  const moves = [
    { name: 'skip', roles: MAKES_SAFER },
    { name: 'unskip', roles: PROPOSES },
  ] as const
  return moves
    .filter(({ roles }) => call.may(...roles))
    .map(({ name }) =>
      commandForm({
        id: name,
        action: `/plans/${plan.planId}/${name}`,
        title: texts(`plans.${name}`),
        explains: texts(`plans.${name}.what`),
        seen,
        fields: input({
          ...{ id: `${name}-date`, name: 'date', type: 'date' },
          ...{ label: texts('plans.date'), isRequired: true },
        }),
        note: texts('note'),
        button: texts(`plans.${name}`),
      }),
    )
}

/** Every date that a person skipped, also those that are due again. */
export async function skipsOf({ database, texts }: Call, { planId }: PlanSummary): Promise<Markup> {
  const skips = await listSkips(database, { planId })
  if (skips.length === 0) return EMPTY
  const rows = skips.map(({ day, reason, skippedBy, skippedAt, undoneBy, undoneAt, undoneReason }) => [
    day,
    html`${safeText(skippedBy)}, ${timeTag(skippedAt, texts)}: ${safeText(reason)}`,
    undoneAt === null
      ? EMPTY
      : html`${safeText(undoneBy)}, ${timeTag(undoneAt, texts)}: ${safeText(undoneReason ?? '')}`,
  ])
  const title = texts('plans.skips')
  const columns = columnsOf(texts, ['plans.date', 'plans.skipped', 'plans.undone'])
  return section(title, table(title, columns, rows), 'skips')
}

/** The plan that this one goes on from, and the one that goes on from it. */
export async function linksOf({ database, texts }: Call, plan: PlanSummary): Promise<Markup> {
  const { planId, replaces, fromDay, untilDay } = plan
  const linked = await findLinkedPlans(database, { planId, replaces })
  const links = linked.map((other) => {
    const isNext = other.replaces === planId
    const words = texts(isNext ? 'plans.goes_on' : 'plans.goes_on_from', {
      day: (isNext ? untilDay : fromDay) ?? '',
    })
    return html`<li>${words} ${link(`/plans/${other.planId}`, safeText(other.name))}</li>`
  })
  return links.length === 0 ? EMPTY : section(texts('plans.changed'), html`<ul>${links}</ul>`, 'changed')
}

/** The approved holidays of this year and the next, for the page of all plans. */
export async function holidaysSection({ database, texts }: Call): Promise<Markup> {
  const year = new Date().getUTCFullYear()
  const found = await listHolidaysOf(database, { years: [year, year + 1] })
  const rows = found.map(({ day, name, source, requestId }) => [
    day,
    safeText(name),
    safeText(source ?? ''),
    String(requestId),
  ])
  const title = texts('plans.holidays')
  const columns = columnsOf(texts, ['plans.date', 'col.name', 'col.source', 'plans.request'])
  const list = rows.length === 0 ? empty(texts('plans.no_holidays')) : table(title, columns, rows)
  return section(title, list, 'holidays')
}
