import type { GoldWeight, Rupiah } from '../core/money.ts'
import { PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import type { Session } from '../postgres/session.ts'
import type { Decision } from './enums.ts'

/** The answer to a person: done, or a sentence why not. */
export type CommandResult<T> =
  | ({ readonly is: 'done' } & T)
  | { readonly is: 'refused'; readonly message: string }

export const refused = (message: string) => ({ is: 'refused', message }) as const

/** Who does something, and why. Names are declared, not proven: who may run the command is the machine's matter. */
export interface Person {
  readonly by: string
  readonly note: string
}

/** What is missing for the audit; null when it says who and why. */
export function whyUnaudited({ by, note }: Person): string | null {
  if (readPersonName(by) === null) return `say who: the name ${PERSON_EXPECTED}`
  if (!isSaid(note)) return 'say why: the note is empty, and it is kept for ever'
  return null
}

/** Whether there is something in it to be read. */
const isSaid = (note: string): boolean => /[\p{L}\p{N}]/u.test(note)

/** What a person found out about an order in doubt. Null: it was not executed. */
export interface ProposedExecution {
  readonly sessionId: string | null
  readonly responseId: string | null
  /** Null fields are taken from the quote. */
  readonly goldWeight: GoldWeight | null
  readonly amount: Rupiah | null
  readonly fee: Rupiah | null
}

export interface ProposalFacts {
  /** Where it was seen: a statement and its line, a letter of the gateway. */
  readonly evidence: string | null
  readonly executed: ProposedExecution | null
  /** Of a shorter lag. */
  readonly lagMinutes?: number
}

/** What a proposal is about. There is one shorter lag only. */
export type Subject =
  | { readonly breakId: number }
  | { readonly orderId: string }
  | { readonly statementId: number }
  | { readonly source: string }
  | { readonly decision: 'lag_shortened' }

/** A proposal that waits for its decision. */
export interface OpenProposal {
  readonly proposalId: number
  readonly decision: Decision
  readonly note: string
  readonly facts: ProposalFacts
  readonly proposedBy: string
  /** Whether who decides is the one who proposed. Postgres tells, for it holds approvals to the same comparison. */
  readonly isByAuthor: boolean
}

const INSERT_PROPOSAL = {
  name: 'insert_proposal',
  text: `
    INSERT INTO proposals (break_id, order_id, statement_id, source, decision, note, facts, proposed_by, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open') ON CONFLICT DO NOTHING RETURNING id AS "proposalId"`,
}

/** Writes a proposal down; null when the subject has an open one already. */
export async function insertProposal(
  session: Session,
  subject: Subject,
  decision: Decision,
  { by, note }: Person,
  facts: ProposalFacts,
): Promise<number | null> {
  const values = [...idsOf(subject), decision, note, JSON.stringify(facts), readPersonName(by)]
  const [row] = await session.run<{ proposalId: number }>(INSERT_PROPOSAL, values)
  return row?.proposalId ?? null
}

const LOCK_PROPOSAL = {
  name: 'lock_proposal',
  text: `
    SELECT id AS "proposalId", decision, note, facts, proposed_by AS "proposedBy",
      person_key($6) = person_key(proposed_by) AS "isByAuthor"
    FROM proposals WHERE state = 'open'
      AND (break_id = $1 OR order_id = $2 OR statement_id = $3 OR source = $4 OR decision = $5) FOR UPDATE`,
}

/** The subject's open proposal, held until the transaction ends; null when there is none. */
export async function lockProposal(
  session: Session,
  subject: Subject,
  by: string,
): Promise<OpenProposal | null> {
  const [proposal] = await session.run<OpenProposal>(LOCK_PROPOSAL, [
    ...idsOf(subject),
    'decision' in subject ? subject.decision : null,
    by,
  ])
  return proposal ?? null
}

const DECIDE = {
  name: 'decide_proposal',
  text: `
    UPDATE proposals SET state = $2, decided_by = $3, decided_at = clock_timestamp(), decision_note = $4, alone = $5
    WHERE id = $1`,
}

/**
 * Notes the approval of a second person, or of the same one where the team says it has only one.
 * @param onePersonTeam `RECON_ONE_PERSON`
 */
export async function approveProposal(
  session: Session,
  { proposalId, proposedBy, isByAuthor: alone }: OpenProposal,
  { by, note }: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<{ alone: boolean }>> {
  if (alone && !onePersonTeam)
    return refused(
      `${proposedBy} proposed it, so another person must approve it: say who with --by (a team of one sets RECON_ONE_PERSON=true)`,
    )
  await session.run(DECIDE, [proposalId, 'approved', readPersonName(by), note, alone])
  return { is: 'done', alone }
}

/** Notes that a proposal was declined, by whoever it was: also its author may take it back. */
export async function declineProposal(
  session: Session,
  { proposalId }: OpenProposal,
  { by, note }: Person,
): Promise<void> {
  await session.run(DECIDE, [proposalId, 'declined', readPersonName(by), note, false])
}

/** What the audit says of an approval without a second person. */
export const ALONE = 'RECON_ONE_PERSON is set: NOBODY ELSE HAS LOOKED AT THIS'

/** The columns that name the subject: break, order, statement, source. */
function idsOf(subject: Subject): (number | string | null)[] {
  return [
    'breakId' in subject ? subject.breakId : null,
    'orderId' in subject ? subject.orderId : null,
    'statementId' in subject ? subject.statementId : null,
    'source' in subject ? subject.source : null,
  ]
}
