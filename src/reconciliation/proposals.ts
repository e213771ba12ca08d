import { eq, or, sql } from 'drizzle-orm'
import { type CommandResult, type Person, refused, storedName } from '../operators/person-commands.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import type { Decision } from './enums.ts'
import type { ProposalFacts, Subject } from './proposal-facts.ts'
import { readSubjectNow } from './proposal-seen.ts'
import { proposals } from './proposals-schema.ts'

/** Decisions that one person proposes and another approves. A subject has at most one open proposal. */

/** A proposal that nobody has decided yet. */
export interface OpenProposal {
  readonly proposalId: number
  readonly decision: Decision
  readonly note: string
  readonly facts: ProposalFacts
  readonly proposedBy: string
  /** Whether the person who decides is the author. Postgres compares the names, as its check of approvals does. */
  readonly isByAuthor: boolean
}

/** The audit's remark on an approval without a second person. */
export const ALONE = 'ONE_PERSON is set: NOBODY ELSE HAS LOOKED AT THIS'

/** The subject as a part of a sentence. */
export function formatSubject(subject: Subject): string {
  switch (subject.is) {
    case 'break':
      return `break ${subject.breakId}`
    case 'order':
      return 'this order'
    case 'statement':
      return `statement ${subject.statementId}`
    case 'source':
      return `source ${subject.source}`
    case 'lag':
      return 'a shorter lag'
  }
}

const SUBJECT = {
  breakId: nullable(proposals.breakId),
  orderId: nullable(proposals.orderId),
  statementId: nullable(proposals.statementId),
  source: nullable(proposals.source),
}

const idsOf = (subject: Subject) => ({
  breakId: subject.is === 'break' ? subject.breakId : null,
  orderId: subject.is === 'order' ? subject.orderId : null,
  statementId: subject.is === 'statement' ? subject.statementId : null,
  source: subject.is === 'source' ? subject.source : null,
})

const insertIfNoneOpen = statement(
  'insert_proposal',
  {
    ...SUBJECT,
    decision: proposals.decision,
    note: proposals.note,
    facts: proposals.facts,
    proposedBy: proposals.proposedBy,
  },
  (db, proposal) =>
    db
      .insert(proposals)
      .values({ ...proposal, state: 'open' })
      .onConflictDoNothing()
      .returning({ proposalId: proposals.id }),
)

/** Stores a proposal with what there is to see of its subject. Refused when the subject has an open one. */
export async function insertProposal(
  session: Session,
  subject: Subject,
  decision: Decision,
  { by, note }: Person,
  facts: ProposalFacts,
): Promise<CommandResult<{ proposalId: number }>> {
  const seen = await readSubjectNow(session, subject)
  const proposal = {
    ...idsOf(subject),
    ...{ decision, note, proposedBy: storedName(by) },
    facts: seen === null ? facts : { ...facts, seen },
  }
  const [row] = await insertIfNoneOpen(session, proposal)
  return row === undefined
    ? refused('there is a proposal already: decide on it first')
    : { is: 'done', proposalId: row.proposalId }
}

const selectProposalForUpdate = statement(
  'lock_proposal',
  { ...SUBJECT, decision: nullable(proposals.decision), by: type.text },
  (db, { breakId, orderId, statementId, source, decision, by }) =>
    db
      .select({
        proposalId: proposals.id,
        decision: proposals.decision,
        note: proposals.note,
        facts: proposals.facts,
        proposedBy: proposals.proposedBy,
        isByAuthor: sql<boolean>`person_key(${by}) = person_key(${proposals.proposedBy})`,
      })
      .from(proposals)
      .where(
        // The partial indexes of open proposals serve a literal, not a parameter.
        sql`${proposals.state} = 'open' and ${or(
          eq(proposals.breakId, breakId),
          eq(proposals.orderId, orderId),
          eq(proposals.statementId, statementId),
          eq(proposals.source, source),
          eq(proposals.decision, decision),
        )}`,
      )
      .for('update'),
)

/**
 * The subject's open proposal, locked until the transaction ends. Refused when there is none.
 * @param by the person who decides
 */
export async function lockProposal(
  session: Session,
  subject: Subject,
  by: string,
): Promise<CommandResult<{ proposal: OpenProposal }>> {
  const decision = subject.is === 'lag' ? 'lag_shortened' : null
  const [proposal] = await selectProposalForUpdate(session, { ...idsOf(subject), decision, by })
  return proposal === undefined
    ? refused(`nothing is proposed for ${formatSubject(subject)}`)
    : { is: 'done', proposal }
}

const decideProposal = statement(
  'decide_proposal',
  {
    proposalId: proposals.id,
    state: proposals.state,
    decidedBy: proposals.decidedBy,
    decisionNote: proposals.decisionNote,
    alone: proposals.alone,
  },
  (db, { proposalId, ...decision }) =>
    db
      .update(proposals)
      .set({ ...decision, decidedAt: sql`clock_timestamp()` })
      .where(eq(proposals.id, proposalId)),
)

/**
 * Stores the approval of a second person, or of the author in a team of one.
 * @param onePersonTeam `ONE_PERSON`
 */
export async function approveProposal(
  session: Session,
  { proposalId, proposedBy, isByAuthor: alone }: OpenProposal,
  { by, note }: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<{ alone: boolean }>> {
  if (alone && !onePersonTeam)
    return refused(
      `${proposedBy} proposed it, so another person must approve it (a team of one sets ONE_PERSON=true)`,
    )
  const decision = { state: 'approved', decidedBy: storedName(by), decisionNote: note, alone } as const
  await decideProposal(session, { proposalId, ...decision })
  return { is: 'done', alone }
}

/** Declines the subject's open proposal. The author may do so, too. */
export async function declineProposal(
  session: Session,
  subject: Subject,
  { by, note }: Person,
): Promise<CommandResult<object>> {
  const locked = await lockProposal(session, subject, by)
  if (locked.is === 'refused') return locked
  const decision = { state: 'declined', decidedBy: storedName(by), decisionNote: note, alone: false } as const
  await decideProposal(session, { proposalId: locked.proposal.proposalId, ...decision })
  return { is: 'done' }
}
