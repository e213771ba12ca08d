import { eq, sql } from 'drizzle-orm'
import { PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import type { Actor } from '../operators/acting.ts'
import { auditedTransaction, type CommandResult, type Person, refused } from '../operators/person-commands.ts'
import type { Session } from '../postgres/session.ts'
import { statement } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import type { BreakReason } from './enums.ts'
import type { Subject } from './proposal-facts.ts'
import { ALONE, approveProposal, declineProposal, insertProposal, lockProposal } from './proposals.ts'

/** What people do with a break that no data explains: assign it, note what they learn, write it off with a second person. */

const lockBreak = statement('lock_break', { breakId: breaks.id }, (db, { breakId }) =>
  db
    .select({ state: breaks.state, reason: breaks.reason })
    .from(breaks)
    .where(eq(breaks.id, breakId))
    .for('update'),
)

/** Runs a command on an open break, with its row locked. */
async function onOpenBreak<T>(
  session: Session,
  breakId: number,
  person: Person,
  work: () => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  return await auditedTransaction(session, person, async () => {
    const [found] = await lockBreak(session, { breakId })
    if (found === undefined) return refused(`there is no break ${breakId}: see \`goldpro recon breaks list\``)
    if (found.state !== 'open') return refused(`break ${breakId} is closed (${found.reason})`)
    return await work()
  })
}

const updateBreak = statement(
  'change_break',
  {
    breakId: breaks.id,
    reason: breaks.reason,
    actor: breaks.actor,
    note: breaks.note,
    owner: breaks.owner,
  },
  (db, { breakId, reason, actor, note, owner }) =>
    db
      .update(breaks)
      .set({
        reason,
        actor,
        note,
        owner: sql`coalesce(${owner}, ${breaks.owner})`,
        runId: null,
        state: sql`case ${reason} when 'written_off' then 'closed' else 'open' end`,
        closedAt: sql`case ${reason} when 'written_off' then clock_timestamp() end`,
      })
      .where(eq(breaks.id, breakId)),
)

interface Change {
  readonly reason: Extract<BreakReason, 'assigned' | 'noted' | 'proposed' | 'declined' | 'written_off'>
  readonly by: string
  readonly note: string | null
  /** Left out: the owner stays. */
  readonly owner?: string
}

async function changeBreak(
  session: Session,
  breakId: number,
  { reason, by, note, owner }: Change,
): Promise<void> {
  const change = { reason, actor: `person:${by}`, note, owner: owner ?? null }
  await updateBreak(session, { breakId, ...change })
}

/** Assigns a break to a person. */
export async function assignBreak(
  session: Session,
  breakId: number,
  { to, ...actor }: Actor & { readonly to: string },
): Promise<CommandResult<object>> {
  if (readPersonName(to) === null) return refused(`say to whom: the name ${PERSON_EXPECTED}`)
  return await onOpenBreak(session, breakId, { ...actor, note: `to ${to}` }, async () => {
    await changeBreak(session, breakId, { reason: 'assigned', by: actor.by, note: null, owner: to })
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
    await changeBreak(session, breakId, { reason: 'noted', ...person })
    return { is: 'done' }
  })
}

const subjectOf = (breakId: number): Subject => ({ is: 'break', breakId })

/** Proposes to write a break off. */
export async function proposeWriteOff(
  session: Session,
  breakId: number,
  person: Person,
): Promise<CommandResult<{ proposalId: number }>> {
  return await onOpenBreak(session, breakId, person, async () => {
    const facts = { evidence: null, executed: null }
    const proposed = await insertProposal(session, subjectOf(breakId), 'write_off', person, facts)
    if (proposed.is === 'done') await changeBreak(session, breakId, { reason: 'proposed', ...person })
    return proposed
  })
}

/** Proposes to write off each of many breaks: every one is a command of its own, with a result of its own. */
export async function* proposeWriteOffs(
  session: Session,
  breakIds: readonly number[],
  person: Person,
): AsyncGenerator<readonly [breakId: number, result: CommandResult<object>]> {
  for (const breakId of breakIds) yield [breakId, await proposeWriteOff(session, breakId, person)]
}

/** Approves what was proposed: the break is written off and closed. */
export async function approveWriteOff(
  session: Session,
  breakId: number,
  person: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<object>> {
  return await onOpenBreak(session, breakId, person, async () => {
    const locked = await lockProposal(session, subjectOf(breakId), person.by)
    if (locked.is === 'refused') return locked
    const { proposal } = locked
    const approval = await approveProposal(session, proposal, person, onePersonTeam)
    if (approval.is === 'refused') return approval
    const note = `${person.note} (proposed by ${proposal.proposedBy}: ${proposal.note})`
    await changeBreak(session, breakId, {
      reason: 'written_off',
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
    const declined = await declineProposal(session, subjectOf(breakId), person)
    if (declined.is === 'done') await changeBreak(session, breakId, { reason: 'declined', ...person })
    return declined
  })
}
