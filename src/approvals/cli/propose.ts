import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Actor } from '../../operators/acting.ts'
import type { Session } from '../../postgres/session.ts'
import type { ChangeKind } from '../change-kind.ts'
import { proposeChange } from '../commands.ts'

/**
 * Proposes a change for a command that carries others out at once.
 * @returns the line that says who goes on, and how
 */
export async function proposed<Payload>(
  session: Session,
  kind: ChangeKind<Payload>,
  payload: Payload,
  { note, ...actor }: Actor & { readonly note?: string },
): Promise<string> {
  if (note === undefined)
    throw new Failure(2, 'this takes a second person, who wants to know why: add --note "…"')
  const answer = await proposeChange(session, { ...actor, note }, kind, payload)
  if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
  return (
    `request ${answer.requestId}: ${shownText(kind.describe(payload))}\n` +
    `nothing changes until another person runs \`goldpro approvals approve ${answer.requestId} --note "…"\``
  )
}
