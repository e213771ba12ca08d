import { auditedTransaction, type CommandResult, type Person, refused } from '../operators/person-commands.ts'
import type { OrderState } from '../orders/lifecycle.ts'
import { settleDoubts } from '../orders/store/settlements.ts'
import type { Session } from '../postgres/session.ts'
import type { ProposedExecution, Subject } from './proposal-facts.ts'
import {
  ALONE,
  approveProposal,
  declineProposal,
  insertProposal,
  lockProposal,
  type OpenProposal,
} from './proposals.ts'
import { lockDoubt, whyUnresolvable } from './resolvable-doubts.ts'
import { takeTurns } from './scope.ts'

/** Two people end a doubt: one proposes with evidence, another approves. */
export interface Resolution extends Person {
  readonly orderId: string
  readonly evidence: string
  /** Null: the order was not executed. */
  readonly executed: ProposedExecution | null
}

const subjectOf = (orderId: string): Subject => ({ is: 'order', orderId })

/** Proposes what became of an order in doubt. The order does not change. */
export async function proposeResolution(
  session: Session,
  { orderId, evidence, executed, ...person }: Resolution,
): Promise<CommandResult<{ proposalId: number }>> {
  return await auditedTransaction(session, person, async () => {
    if (evidence.trim() === '') return refused('say where it was seen: the evidence is empty')
    await lockDoubt(session, { orderId })
    const why = await whyUnresolvable(session, orderId, executed)
    if (why !== null) return refused(why)
    const decision = executed === null ? 'order_not_executed' : 'order_executed'
    return await insertProposal(session, subjectOf(orderId), decision, person, { evidence, executed })
  })
}

/** Approves a proposal and settles the order by it, both or neither. */
export async function approveResolution(
  session: Session,
  orderId: string,
  person: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<{ state: OrderState }>> {
  return await auditedTransaction(session, person, async () => {
    // Two proposals may name one transaction of the gateway: they are approved one after the other.
    await takeTurns(session)
    await lockDoubt(session, { orderId })
    const locked = await lockProposal(session, subjectOf(orderId), person.by)
    const executed = locked.is === 'done' ? locked.proposal.facts.executed : null
    const why = await whyUnresolvable(session, orderId, executed)
    if (why !== null) return refused(why)
    if (locked.is === 'refused') return locked
    const { proposal } = locked
    const approval = await approveProposal(session, proposal, person, onePersonTeam)
    if (approval.is === 'refused') return approval
    const settled = await settleDoubts(session, [settlement(orderId, proposal, person, approval.alone)])
    if (settled.length === 0) throw new Error('a locked doubt was settled by another transaction')
    return { is: 'done', state: proposal.decision === 'order_executed' ? 'succeeded' : 'rejected' }
  })
}

function settlement(
  orderId: string,
  { facts, ...proposal }: OpenProposal,
  { by, note }: Person,
  alone: boolean,
) {
  const { evidence, executed } = facts
  return {
    orderId,
    reason: 'resolved_by_person',
    actor: `person:${by}`,
    detail: {
      proposal: proposal.proposalId,
      proposed_by: proposal.proposedBy,
      note: proposal.note,
      evidence,
      approved_by: by,
      approval_note: note,
      ...(alone ? { alone: ALONE } : {}),
    },
    reply: null,
    executed: executed === null ? null : { requestId: null, ...executed },
  } as const
}

/** Declines what was proposed for an order. The order stays in doubt. */
export async function declineResolution(
  session: Session,
  orderId: string,
  person: Person,
): Promise<CommandResult<object>> {
  return await auditedTransaction(session, person, () => declineProposal(session, subjectOf(orderId), person))
}
