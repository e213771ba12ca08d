import { PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import type { Session } from '../postgres/session.ts'
import type { BreakReason } from './enums.ts'
import {
  ALONE,
  approveProposal,
  type CommandResult,
  declineProposal,
  insertProposal,
  lockProposal,
  type Person,
  refused,
  whyUnaudited,
} from './proposals.ts'

/** What people do with a break that no data explains: own it, note what they learn, write it off with a second person. */

const LOCK_BREAK = { name: 'lock_break', text: 'SELECT state, reason FROM breaks WHERE id = $1 FOR UPDATE' }

const CHANGE_BREAK = {
  name: 'change_break',
  text: `
    UPDATE breaks SET reason = $2, actor = $3, note = $4, owner = coalesce($5, owner), run_id = NULL,
      state = CASE $2 WHEN 'written_off' THEN 'closed' ELSE 'open' END,
      closed_at = CASE $2 WHEN 'written_off' THEN clock_timestamp() END
    WHERE id = $1`,
}

type Change = Extract<BreakReason, 'assigned' | 'noted' | 'proposed' | 'declined' | 'written_off'>

async function change(
  session: Session,
  breakId: number,
  reason: Change,
  { by, note }: { by: string; note: string | null },
  owner: string | null = null,
): Promise<void> {
  await session.run(CHANGE_BREAK, [breakId, reason, `person:${by}`, note, owner])
}

/** Runs the work on an open break, with its row held. */
async function onOpenBreak<T>(
  session: Session,
  breakId: number,
  person: Person,
  work: () => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  const message = whyUnaudited(person)
  if (message !== null) return refused(message)
  return await session.transaction(async () => {
    const [row] = await session.run<{ state: string; reason: string }>(LOCK_BREAK, [breakId])
    if (row === undefined) return refused(`there is no break ${breakId}: see \`goldpro recon breaks list\``)
    if (row.state !== 'open') return refused(`break ${breakId} is closed (${row.reason})`)
    return await work()
  })
}

/** Gives a break to somebody. */
export async function assignBreak(
  session: Session,
  breakId: number,
  { by, to }: { by: string; to: string },
): Promise<CommandResult<object>> {
  if (readPersonName(to) === null) return refused(`say to whom: the name ${PERSON_EXPECTED}`)
  return await onOpenBreak(session, breakId, { by, note: `to ${to}` }, async () => {
    await change(session, breakId, 'assigned', { by, note: null }, to)
    return { is: 'done' }
  })
}

/** Adds a note to a break's history. */
export async function noteOnBreak(
  session: Session,
  breakId: number,
  person: Person,
): Promise<CommandResult<object>> {
  return await onOpenBreak(session, breakId, person, async () => {
    await change(session, breakId, 'noted', person)
    return { is: 'done' }
  })
}

/** Proposes to write a break off. */
export async function proposeWriteOff(
  session: Session,
  breakId: number,
  person: Person,
): Promise<CommandResult<{ proposalId: number }>> {
  return await onOpenBreak(session, breakId, person, async () => {
    const facts = { evidence: null, executed: null }
    const proposalId = await insertProposal(session, { breakId }, 'write_off', person, facts)
    if (proposalId === null) return refused('there is a proposal already: approve it or reject it first')
    await change(session, breakId, 'proposed', person)
    return { is: 'done', proposalId }
  })
}

/** Approves what was proposed: the break is written off and closed. */
export async function approveWriteOff(
  session: Session,
  breakId: number,
  person: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<object>> {
  return await onOpenBreak(session, breakId, person, async () => {
    const proposal = await lockProposal(session, { breakId }, person.by)
    if (proposal === null) return refused(`nothing is proposed for break ${breakId}`)
    const approval = await approveProposal(session, proposal, person, onePersonTeam)
    if (approval.is === 'refused') return approval
    const note = `${person.note} (proposed by ${proposal.proposedBy}: ${proposal.note})`
    await change(session, breakId, 'written_off', {
      by: person.by,
      note: approval.alone ? `${note} – ${ALONE}` : note,
    })
    return { is: 'done' }
  })
}

/** Declines what was proposed: the break stays open. */
export async function declineWriteOff(
  session: Session,
  breakId: number,
  person: Person,
): Promise<CommandResult<object>> {
  return await onOpenBreak(session, breakId, person, async () => {
    const proposal = await lockProposal(session, { breakId }, person.by)
    if (proposal === null) return refused(`nothing is proposed for break ${breakId}`)
    await declineProposal(session, proposal, person)
    await change(session, breakId, 'declined', person)
    return { is: 'done' }
  })
}
