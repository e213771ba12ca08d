import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import type { Decision } from './enums.ts'
import {
  ALONE,
  approveProposal,
  type CommandResult,
  declineProposal,
  insertProposal,
  lockProposal,
  type Person,
  refused,
  type Subject,
  whyUnaudited,
} from './proposals.ts'
import { takeTurns } from './scope.ts'

/**
 * What two people declare before a statement's silence counts: that a statement is complete, that a source's statements
 * are, or that the gateway's lag is shorter. One person may take it back.
 */
export type Declared =
  | { readonly is: 'statement'; readonly statementId: number }
  | { readonly is: 'source'; readonly source: string }
  | { readonly is: 'lag' }

const DECISION_OF = {
  statement: 'statement_complete',
  source: 'source_trusted',
  lag: 'lag_shortened',
} as const satisfies Record<Declared['is'], Decision>

const subjectOf = (declared: Declared): Subject => {
  switch (declared.is) {
    case 'statement':
      return { statementId: declared.statementId }
    case 'source':
      return { source: declared.source }
    case 'lag':
      return { decision: 'lag_shortened' }
  }
}

/** What it is about, as a sentence has it. */
export function nameOf(declared: Declared): string {
  switch (declared.is) {
    case 'statement':
      return `statement ${declared.statementId}`
    case 'source':
      return `source ${declared.source}`
    case 'lag':
      return 'a shorter lag'
  }
}

const READ_STATEMENT = {
  name: 'read_declared_statement',
  text: `SELECT complete, replaced_by AS "replacedBy" FROM statements WHERE id = $1`,
}

/** Why nothing can be declared of it; null when it can. */
async function whyUndeclared(session: Session, declared: Declared): Promise<string | null> {
  if (declared.is === 'source')
    return declared.source.trim() === '' ? 'say which source: the name is empty' : null
  if (declared.is === 'lag') return null
  const { statementId } = declared
  const [row] = await session.run<{ complete: boolean; replacedBy: number | null }>(READ_STATEMENT, [
    statementId,
  ])
  if (row === undefined) return `there is no statement ${statementId}: see \`goldpro recon statements\``
  if (row.replacedBy !== null) return `statement ${statementId} was replaced by statement ${row.replacedBy}`
  return row.complete
    ? null
    : `statement ${statementId} was imported without --complete: import it again with --replace`
}

/** Proposes a declaration; another person approves it. @param lagMinutes of a shorter lag */
export async function proposeDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
  lagMinutes: number | null = null,
): Promise<CommandResult<{ proposalId: number }>> {
  const message = whyUnaudited(person)
  if (message !== null) return refused(message)
  return await session.transaction(async () => {
    await takeTurns(session)
    const why = await whyUndeclared(session, declared)
    if (why !== null) return refused(why)
    const facts = { evidence: null, executed: null, ...(lagMinutes === null ? {} : { lagMinutes }) }
    const proposalId = await insertProposal(
      session,
      subjectOf(declared),
      DECISION_OF[declared.is],
      person,
      facts,
    )
    if (proposalId === null) return refused('there is a proposal already: approve it or decline it first')
    return { is: 'done', proposalId }
  })
}

/** Approves what another person proposed; from then on it counts. */
export async function approveDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<{ alone: boolean }>> {
  const message = whyUnaudited(person)
  if (message !== null) return refused(message)
  return await session.transaction(async () => {
    await takeTurns(session)
    const why = await whyUndeclared(session, declared)
    if (why !== null) return refused(why)
    const proposal = await lockProposal(session, subjectOf(declared), person.by)
    if (proposal === null) return refused(`nothing is proposed for ${nameOf(declared)}`)
    const note = proposal.isByAuthor && onePersonTeam ? `${person.note} – ${ALONE}` : person.note
    return await approveProposal(session, proposal, { ...person, note }, onePersonTeam)
  })
}

/** Declines what was proposed. */
export async function declineDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
): Promise<CommandResult<object>> {
  const message = whyUnaudited(person)
  if (message !== null) return refused(message)
  return await session.transaction(async () => {
    const proposal = await lockProposal(session, subjectOf(declared), person.by)
    if (proposal === null) return refused(`nothing is proposed for ${nameOf(declared)}`)
    await declineProposal(session, proposal, person)
    return { is: 'done' }
  })
}

const REVOKE = {
  name: 'revoke_declaration',
  text: `
    INSERT INTO revocations (proposal_id, revoked_by, note)
    SELECT p.id, $4, $5 FROM standing_proposals p
    WHERE p.decision = $1 AND ($2::int IS NULL OR p.statement_id = $2) AND ($3::text IS NULL OR p.source = $3)
    ON CONFLICT DO NOTHING RETURNING proposal_id`,
}

/** Takes approvals back. One person may: less is believed then. */
export async function revokeDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
): Promise<CommandResult<object>> {
  const message = whyUnaudited(person)
  if (message !== null) return refused(message)
  return await session.transaction(async () => {
    await takeTurns(session)
    const statementId = declared.is === 'statement' ? declared.statementId : null
    const source = declared.is === 'source' ? declared.source : null
    const values = [DECISION_OF[declared.is], statementId, source, person.by, person.note]
    const revoked = await session.run(REVOKE, values)
    return revoked.length === 0 ? refused(`nothing is approved for ${nameOf(declared)}`) : { is: 'done' }
  })
}

/** A declaration as a list shows it. */
export interface DeclarationRow {
  readonly subject: string
  readonly state: 'open' | 'approved' | 'declined' | 'revoked'
  readonly proposedBy: string
  readonly proposedAt: Date
  readonly decidedBy: string | null
  readonly decidedAt: Date | null
  readonly note: string
}

const LIST = {
  name: 'list_declarations',
  text: `
    SELECT coalesce(p.statement_id::text, p.source, (p.facts ->> 'lagMinutes') || ' min') AS subject,
      CASE WHEN r.proposal_id IS NULL THEN p.state ELSE 'revoked' END AS state, p.proposed_by AS "proposedBy",
      p.proposed_at AS "proposedAt", coalesce(r.revoked_by, p.decided_by) AS "decidedBy",
      coalesce(r.revoked_at, p.decided_at) AS "decidedAt", coalesce(r.note, p.decision_note, p.note) AS note
    FROM proposals p LEFT JOIN revocations r ON r.proposal_id = p.id
    WHERE p.decision = $1 ORDER BY p.id DESC`,
}

/** All declarations of a sort, the newest first. */
export async function listDeclarations(
  runner: StatementRunner,
  is: Declared['is'],
): Promise<DeclarationRow[]> {
  return await runner.run<DeclarationRow>(LIST, [DECISION_OF[is]])
}
