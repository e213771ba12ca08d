import { and, eq, or, sql } from 'drizzle-orm'
import {
  auditedTransaction,
  type CommandResult,
  type Person,
  refused,
  storedName,
} from '../operators/person-commands.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, statement } from '../postgres/statement.ts'
import type { Decision } from './enums.ts'
import type { Subject } from './proposal-facts.ts'
import {
  ALONE,
  approveProposal,
  declineProposal,
  formatSubject,
  insertProposal,
  lockProposal,
} from './proposals.ts'
import { proposals, revocations } from './proposals-schema.ts'
import { takeTurns } from './scope.ts'
import { statements } from './statements/schema.ts'
import { standingProposals } from './views-schema.ts'

/**
 * What two people must declare before an order that a statement lacks counts as not executed: that the statement is
 * complete, that every statement of its source is, or that the gateway's lag is shorter. One person may revoke it.
 */
export type Declared = Extract<Subject, { is: 'statement' | 'source' | 'lag' }>

export const DECISION_OF = {
  statement: 'statement_complete',
  source: 'source_trusted',
  lag: 'lag_shortened',
} as const satisfies Record<Declared['is'], Decision>

const readDeclaredStatement = statement(
  'read_declared_statement',
  { statementId: statements.id },
  (db, { statementId }) =>
    db
      .select({ complete: statements.complete, replacedBy: statements.replacedBy })
      .from(statements)
      .where(eq(statements.id, statementId)),
)

/** Why nothing can be declared of it; null when it can. */
async function whyUndeclared(session: Session, declared: Declared): Promise<string | null> {
  if (declared.is === 'source')
    return declared.source.trim() === '' ? 'say which source: the name is empty' : null
  if (declared.is === 'lag') return null
  const { statementId } = declared
  const [found] = await readDeclaredStatement(session, { statementId })
  if (found === undefined) return `there is no statement ${statementId}: see \`goldpro recon statements\``
  if (found.replacedBy !== null)
    return `statement ${statementId} was replaced by statement ${found.replacedBy}`
  return found.complete
    ? null
    : `statement ${statementId} was imported without --complete: import it again with --replace`
}

/** Runs a command that changes what runs believe, when no run, import or other such command is under way. */
async function inTurn<T>(
  session: Session,
  person: Person,
  work: () => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  return await auditedTransaction(session, person, async () => {
    await takeTurns(session)
    return await work()
  })
}

/** The same for what can be declared; refused for anything else. */
async function onDeclarable<T>(
  session: Session,
  declared: Declared,
  person: Person,
  work: () => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  return await inTurn(session, person, async () => {
    const why = await whyUndeclared(session, declared)
    return why === null ? await work() : refused(why)
  })
}

/** Proposes a declaration. @param lagMinutes only of a shorter lag */
export async function proposeDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
  lagMinutes: number | null = null,
): Promise<CommandResult<{ proposalId: number }>> {
  const facts = { evidence: null, executed: null, ...(lagMinutes === null ? {} : { lagMinutes }) }
  return await onDeclarable(session, declared, person, () =>
    insertProposal(session, declared, DECISION_OF[declared.is], person, facts),
  )
}

/** Approves what another person proposed. Runs believe it from then on. */
export async function approveDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
  onePersonTeam: boolean,
): Promise<CommandResult<{ alone: boolean }>> {
  return await onDeclarable(session, declared, person, async () => {
    const locked = await lockProposal(session, declared, person.by)
    if (locked.is === 'refused') return locked
    const note = locked.proposal.isByAuthor && onePersonTeam ? `${person.note} – ${ALONE}` : person.note
    return await approveProposal(session, locked.proposal, { ...person, note }, onePersonTeam)
  })
}

/** Declines what was proposed. */
export async function declineDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
): Promise<CommandResult<object>> {
  return await auditedTransaction(session, person, () => declineProposal(session, declared, person))
}

const insertRevocations = statement(
  'revoke_declaration',
  {
    decision: proposals.decision,
    statementId: nullable(proposals.statementId),
    source: nullable(proposals.source),
    revokedBy: revocations.revokedBy,
    note: revocations.note,
  },
  (db, { decision, statementId, source, revokedBy, note }) =>
    db
      .insert(revocations)
      .select(
        db
          .select({
            proposalId: standingProposals.id,
            revokedBy: sql`${revokedBy}`.as('new_revoked_by'),
            revokedAt: sql`clock_timestamp()`.as('new_revoked_at'),
            note: sql`${note}`.as('new_note'),
          })
          .from(standingProposals)
          .where(
            and(
              eq(standingProposals.decision, decision),
              or(sql`${statementId} is null`, eq(standingProposals.statementId, statementId)),
              or(sql`${source} is null`, eq(standingProposals.source, source)),
            ),
          ),
      )
      .onConflictDoNothing()
      .returning({ proposalId: revocations.proposalId }),
)

/** Revokes approvals. One person may: runs then believe less. */
export async function revokeDeclaration(
  session: Session,
  declared: Declared,
  person: Person,
): Promise<CommandResult<object>> {
  return await inTurn(session, person, async () => {
    const revoked = await insertRevocations(session, {
      decision: DECISION_OF[declared.is],
      statementId: declared.is === 'statement' ? declared.statementId : null,
      source: declared.is === 'source' ? declared.source : null,
      revokedBy: storedName(person.by),
      note: person.note,
    })
    return revoked.length === 0
      ? refused(`nothing is approved for ${formatSubject(declared)}`)
      : { is: 'done' }
  })
}
