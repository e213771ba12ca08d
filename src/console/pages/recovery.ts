import { html, type Markup } from '../../core/html.ts'
import { countRestored, listRecoveries, readIdentity } from '../../recovery/store.ts'
import { commandForm } from '../html/forms.ts'
import { badge, code, countOf, EMPTY, facts, link, safeText, section, timeTag } from '../html/parts.ts'
import { type Call, PROPOSES } from '../route.ts'
import { type Shown, seenOf } from '../stale.ts'

interface RecoveryView {
  readonly recoveryId: number
  readonly held: number
  readonly maybeExecuted: number
  readonly isGapCovered: boolean
}

/** What of a recovery a person saw. */
export const shownOfRecovery = (view: RecoveryView): Shown => {
  const { recoveryId, held, maybeExecuted, isGapCovered } = view
  return { recovery: recoveryId, held, maybeExecuted, isGapCovered }
}

/** The last recovery with what it holds now. */
type LastRecovery = NonNullable<Awaited<ReturnType<typeof readLastRecovery>>>

/** The last recovery with what it holds now; null: there was none. */
export async function readLastRecovery({ database }: Call) {
  const [last] = await listRecoveries(database, { limit: 1 })
  if (last === undefined) return null
  const [counts] = await countRestored(database, { recoveryId: last.recoveryId })
  return { ...last, held: counts?.held ?? 0, maybeExecuted: counts?.maybeExecuted ?? 0 }
}

/** Which database this is, and what a recovery of it holds. */
export async function recoverySection(call: Call): Promise<Markup> {
  const { database, texts } = call
  const [known] = await readIdentity(database, {})
  const last = await readLastRecovery(call)
  // Also before any process has found out, which notes when it did.
  const isOther = known !== undefined && known.here !== known.identity
  const identity =
    known === undefined
      ? html`<p>${texts('recovery.unknown')}</p>`
      : facts([
          [
            texts('recovery.identity'),
            isOther
              ? html`${badge('overdue', texts('recovery.restored'))} ${code(known.here)}`
              : html`${badge('active', texts('recovery.same'))} ${code(known.here)}`,
          ],
          [texts('recovery.alive'), timeTag(known.aliveAt, texts)],
          ...(isOther
            ? ([
                [texts('recovery.remembered'), code(known.identity)],
                [texts('recovery.found'), timeTag(known.foundAt, texts)],
                [texts('recovery.next'), code('goldpro recover orders')],
              ] as const)
            : []),
        ])
  return section(
    texts('recovery'),
    html`${identity}${last === null ? EMPTY : recovered(call, last)}`,
    'recovery',
  )
}

function recovered(call: Call, last: LastRecovery): Markup {
  const { texts } = call
  const { recoveryId, aliveAt, foundAt, recoveredAt, recoveredBy, note, held, maybeExecuted, isGapCovered } =
    last
  const missing = isGapCovered
    ? texts('recovery.covered')
    : html`<strong class="calls">! ${texts('recovery.uncovered')}</strong> ${link('/reconciliation', texts('nav.reconciliation'))}`
  const form = commandForm({
    id: 'release',
    action: '/switches/release',
    title: texts('recovery.release'),
    explains: texts('recovery.release.what'),
    seen: seenOf(shownOfRecovery(last)),
    note: texts('note'),
    button: texts('recovery.release'),
  })
  return html`<h3>${texts('recovery.last')} ${String(recoveryId)}</h3>${facts([
    [texts('col.when'), html`${timeTag(recoveredAt, texts)}, ${safeText(recoveredBy)}`],
    [texts('col.note'), safeText(note)],
    [texts('recovery.gap'), html`${timeTag(aliveAt, texts)} – ${timeTag(foundAt, texts)}`],
    [texts('recovery.held'), held === 0 ? countOf(held) : link('/orders?state=held', countOf(held))],
    [texts('recovery.maybe'), countOf(maybeExecuted)],
    [texts('recovery.missing'), missing],
  ])}${held > 0 && call.may(...PROPOSES) ? html`<div class="commands">${form}</div>` : EMPTY}`
}
