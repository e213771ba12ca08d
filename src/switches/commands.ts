import { proposeChange } from '../approvals/commands.ts'
import {
  auditedTransaction,
  type CommandResult,
  type Person,
  refused,
  storedName,
} from '../operators/person-commands.ts'
import type { Session } from '../postgres/session.ts'
import { OPEN_SWITCH } from './open-switch.ts'
import { type Closing, findClosed, findKnownScope } from './queries.ts'
import { formatScope, type SwitchScope } from './scope.ts'
import { insertClosing, keepClosed } from './store.ts'

/** A closing, and whether somebody had closed the switch before. */
export interface Closed {
  readonly closing: Closing
  readonly wasClosed: boolean
}

/** Closes a switch: no confirm of its orders leaves any worker once this returns. One person is enough. */
export async function closeSwitch(
  session: Session,
  person: Person,
  scope: SwitchScope,
  { extendsDeadlines }: { readonly extendsDeadlines: boolean },
): Promise<CommandResult<Closed>> {
  const stored = formatScope(scope)
  return await auditedTransaction(session, person, async () => {
    const [known] = await findKnownScope(session, { scope: stored })
    if (known?.isKnown !== true)
      return refused(`nothing is known as ${stored}: no order would be held. Nothing was closed`)
    const closedBy = `person:${storedName(person.by)}`
    const inserted = await insertClosing(session, {
      scope: stored,
      reason: person.note,
      closedBy,
      extendsDeadlines,
    })
    if (inserted.length === 0) await keepClosed(session, { scope: stored, keptClosedBy: closedBy })
    const [closing] = await findClosed(session, { scope: stored })
    if (closing === undefined) return refused(`${stored} was opened just now: close it again`)
    return { is: 'done', closing, wasClosed: inserted.length === 0 }
  })
}

/** Proposes to open a switch. It stays closed until another person approves. */
export async function proposeOpening(
  session: Session,
  person: Person,
  scope: SwitchScope,
): Promise<CommandResult<{ requestId: number }>> {
  const [closing] = await findClosed(session, { scope: formatScope(scope) })
  if (closing === undefined)
    return refused(`${formatScope(scope)} is not closed: see \`goldpro switch show\``)
  return await proposeChange(session, person, OPEN_SWITCH, {
    closingId: closing.closingId,
    scope: closing.scope,
  })
}
