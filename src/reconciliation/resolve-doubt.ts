import { settleDoubts } from '../db/moves.ts'
import type { Session } from '../db/session.ts'
import type { OrderState } from '../domain/lifecycle.ts'
import {
  ALONE,
  approveProposal,
  declineProposal,
  insertProposal,
  lockProposal,
  type OpenProposal,
  type Person,
  type PersonsAnswer,
  type ProposedExecution,
  refused,
} from './proposals.ts'

/** Leads an order out of doubt by people: one proposes with evidence, another approves. */
export interface Resolution extends Person {
  readonly orderId: string
  readonly evidence: string
  /** Null: it was not executed. */
  readonly executed: ProposedExecution | null
}

const READ_DOUBT = {
  name: 'read_doubt',
  text: `
    SELECT o.state, o.reason, a.quoted_amount IS NULL AS "isUnpriced",
      (SELECT x.order_id FROM attempts x WHERE x.session_id = $2 AND x.order_id <> o.id LIMIT 1) AS "sessionOf"
    FROM orders o LEFT JOIN attempts a ON a.order_id = o.id AND a.outcome = 'in_doubt' WHERE o.id = $1`,
}

interface Doubt {
  readonly state: OrderState
  readonly reason: string
  readonly isUnpriced: boolean
  /** Another order that has this session_id. */
  readonly sessionOf: string | null
}

/** Proposes what became of an order in doubt. Changes nothing of the order. */
export async function proposeResolution(
  session: Session,
  { orderId, by, note, evidence, executed }: Resolution,
): Promise<PersonsAnswer<{ proposalId: number }>> {
  return await session.transaction(async () => {
    const [doubt] = await session.run<Doubt>(READ_DOUBT, [orderId, executed?.sessionId ?? null])
    const because = whyNot(doubt, executed)
    if (because !== null) return refused(because)
    const decision = executed === null ? 'order_not_executed' : 'order_executed'
    const proposalId = await insertProposal(
      session,
      { orderId },
      decision,
      { by, note },
      { evidence, executed },
    )
    if (proposalId === null) return refused('there is a proposal already: approve it or decline it first')
    return { is: 'done', proposalId }
  })
}

function whyNot(doubt: Doubt | undefined, executed: ProposedExecution | null): string | null {
  if (doubt === undefined) return 'there is no such order'
  if (doubt.state !== 'in_doubt')
    return `only an order in doubt can be resolved; this one is ${doubt.state} (${doubt.reason})`
  if (executed === null) return null
  if (executed.sessionId === null && executed.responseId === null)
    return 'an execution needs its session_id or its response_id'
  if (doubt.sessionOf !== null) return `that session_id is the one of order ${doubt.sessionOf}`
  if (doubt.isUnpriced && (executed.amount === null || executed.fee === null))
    return "this order's quote has no amount and no fee: say --amount and --fee"
  return null
}

const LOCK_DOUBT = {
  name: 'lock_doubt',
  text: `SELECT seq FROM attempts WHERE order_id = $1 AND outcome = 'in_doubt' FOR UPDATE`,
}

/** Approves a proposal and settles the order by it, both or neither. */
export async function approveResolution(
  session: Session,
  orderId: string,
  person: Person,
  onePersonTeam: boolean,
): Promise<PersonsAnswer<{ state: OrderState }>> {
  return await session.transaction(async () => {
    // The attempt before the proposal, as a run takes them: otherwise each could wait for the other.
    const [doubt] = await session.run(LOCK_DOUBT, [orderId])
    const proposal = await lockProposal(session, { orderId })
    if (proposal === null || doubt === undefined)
      return refused('nothing is proposed for this order: see `goldpro orders resolve`')
    const approval = await approveProposal(session, proposal, person, onePersonTeam)
    if (approval.is === 'refused') return approval
    const settled = await settleDoubts(session, [settlement(orderId, proposal, person, approval.alone)])
    if (settled.length === 0) throw new Error('a doubt that is held was settled by somebody else')
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

/** Declines what was proposed for an order; it stays in doubt. */
export async function declineResolution(
  session: Session,
  orderId: string,
  person: Person,
): Promise<PersonsAnswer<object>> {
  return await session.transaction(async () => {
    const proposal = await lockProposal(session, { orderId })
    if (proposal === null) return refused('nothing is proposed for this order')
    await declineProposal(session, proposal, person)
    return { is: 'done' }
  })
}
