import type { OrderState } from '../orders/lifecycle.ts'
import { settleDoubts } from '../orders/store/settlements.ts'
import type { Session } from '../postgres/session.ts'
import {
  ALONE,
  approveProposal,
  type CommandResult,
  declineProposal,
  insertProposal,
  lockProposal,
  type OpenProposal,
  type Person,
  type ProposedExecution,
  refused,
  whyUnaudited,
} from './proposals.ts'
import { takeTurns } from './scope.ts'

/** Leads an order out of doubt by people: one proposes with evidence, another approves. */
export interface Resolution extends Person {
  readonly orderId: string
  readonly evidence: string
  /** Null: it was not executed. */
  readonly executed: ProposedExecution | null
}

// Attempts before proposals, as a run takes them: otherwise each could wait for the other.
const HOLD_DOUBT = {
  name: 'hold_doubt',
  text: `SELECT seq FROM attempts WHERE order_id = $1 AND outcome = 'in_doubt' FOR UPDATE`,
}

// A transaction is another order's when that one has its id, or is matched with its line.
const READ_DOUBT = {
  name: 'read_doubt',
  text: `
    SELECT o.state, o.reason, a.quoted_amount IS NULL AS "isUnpriced",
      coalesce(
        (SELECT x.order_id FROM attempts x WHERE x.order_id <> o.id
          AND (x.session_id = $2 OR (x.response_id = $3 AND ($2 IS NULL OR x.kind = o.kind))) LIMIT 1),
        (SELECT m.order_id FROM current_statement_lines l
          JOIN statement_matches m ON m.statement_id = l.statement_id AND m.line_number = l.line_number AND m.current
          WHERE m.order_id <> o.id AND (l.session_id = $2 OR ($2 IS NULL AND l.response_id = $3)) LIMIT 1)
      ) AS "executionOf"
    FROM orders o LEFT JOIN attempts a ON a.order_id = o.id AND a.outcome = 'in_doubt' WHERE o.id = $1`,
}

interface Doubt {
  readonly state: OrderState
  readonly reason: string
  readonly isUnpriced: boolean
  /** Another order whose transaction it is. */
  readonly executionOf: string | null
}

async function readDoubt(
  session: Session,
  orderId: string,
  executed: ProposedExecution | null,
): Promise<Doubt | null> {
  const ids = [executed?.sessionId ?? null, executed?.responseId ?? null]
  const [doubt] = await session.run<Doubt>(READ_DOUBT, [orderId, ...ids])
  return doubt ?? null
}

/** Proposes what became of an order in doubt. Changes nothing of the order. */
export async function proposeResolution(
  session: Session,
  { orderId, by, note, evidence, executed }: Resolution,
): Promise<CommandResult<{ proposalId: number }>> {
  const unaudited = whyUnaudited({ by, note })
  if (unaudited !== null) return refused(unaudited)
  if (evidence.trim() === '') return refused('say where it was seen: the evidence is empty')
  return await session.transaction(async () => {
    await session.run(HOLD_DOUBT, [orderId])
    const message = whyNot(await readDoubt(session, orderId, executed), executed)
    if (message !== null) return refused(message)
    const decision = executed === null ? 'order_not_executed' : 'order_executed'
    const facts = { evidence, executed }
    const proposalId = await insertProposal(session, { orderId }, decision, { by, note }, facts)
    if (proposalId === null) return refused('there is a proposal already: approve it or decline it first')
    return { is: 'done', proposalId }
  })
}

function whyNot(doubt: Doubt | null, executed: ProposedExecution | null): string | null {
  if (doubt === null) return 'there is no such order'
  if (doubt.state !== 'in_doubt')
    return `only an order in doubt can be resolved; this one is ${doubt.state} (${doubt.reason})`
  if (executed === null) return null
  if (executed.sessionId === null && executed.responseId === null)
    return 'an execution needs its session_id or its response_id'
  if (executed.sessionId?.trim() === '' || executed.responseId?.trim() === '')
    return 'an id must not be empty: leave it out'
  if (doubt.executionOf !== null) return `that transaction is the one of order ${doubt.executionOf}`
  if (doubt.isUnpriced && (executed.amount === null || executed.fee === null))
    return "this order's quote has no amount and no fee: say --amount and --fee"
  return null
}

/** Approves a proposal and settles the order by it, both or neither. */
export async function approveResolution(
  session: Session,
  orderId: string,
  person: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<{ state: OrderState }>> {
  const unaudited = whyUnaudited(person)
  if (unaudited !== null) return refused(unaudited)
  return await session.transaction(async () => {
    // One transaction of the gateway may be proposed for two orders: they are approved one after the other.
    await takeTurns(session)
    await session.run(HOLD_DOUBT, [orderId])
    const proposal = await lockProposal(session, { orderId }, person.by)
    const executed = proposal?.facts.executed ?? null
    const message = whyNot(await readDoubt(session, orderId, executed), executed)
    if (message !== null) return refused(message)
    if (proposal === null) return refused(NOTHING_PROPOSED)
    const approval = await approveProposal(session, proposal, person, onePersonTeam)
    if (approval.is === 'refused') return approval
    const settled = await settleDoubts(session, [settlement(orderId, proposal, person, approval.alone)])
    if (settled.length === 0) throw new Error('a doubt that is held was settled by somebody else')
    return { is: 'done', state: proposal.decision === 'order_executed' ? 'succeeded' : 'rejected' }
  })
}

const NOTHING_PROPOSED = 'nothing is proposed for this order: see `goldpro orders resolve`'

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
): Promise<CommandResult<object>> {
  const unaudited = whyUnaudited(person)
  if (unaudited !== null) return refused(unaudited)
  return await session.transaction(async () => {
    const proposal = await lockProposal(session, { orderId }, person.by)
    if (proposal === null) return refused(NOTHING_PROPOSED)
    await declineProposal(session, proposal, person)
    return { is: 'done' }
  })
}
