import { desc, eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { DECISION_OF, type Declared } from './declarations.ts'
import { proposals, revocations } from './proposals-schema.ts'

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

const selectDeclarations = statement(
  'list_declarations',
  { decision: proposals.decision },
  (db, { decision }) =>
    db
      .select({
        subject: sql<string>`coalesce(${proposals.statementId}::text, ${proposals.source}, (${proposals.facts} ->> 'lagMinutes') || ' min')`,
        state: sql<
          DeclarationRow['state']
        >`case when ${revocations.proposalId} is null then ${proposals.state} else 'revoked' end`,
        proposedBy: proposals.proposedBy,
        proposedAt: proposals.proposedAt,
        decidedBy: sql<string | null>`coalesce(${revocations.revokedBy}, ${proposals.decidedBy})`,
        decidedAt: sql<Date | null>`coalesce(${revocations.revokedAt}, ${proposals.decidedAt})`.mapWith(
          proposals.decidedAt,
        ),
        note: sql<string>`coalesce(${revocations.note}, ${proposals.decisionNote}, ${proposals.note})`,
      })
      .from(proposals)
      .leftJoin(revocations, eq(revocations.proposalId, proposals.id))
      .where(eq(proposals.decision, decision))
      .orderBy(desc(proposals.id)),
)

/** All declarations of a kind, the newest first. */
export async function listDeclarations(
  runner: StatementRunner,
  is: Declared['is'],
): Promise<DeclarationRow[]> {
  return await selectDeclarations(runner, { decision: DECISION_OF[is] })
}
