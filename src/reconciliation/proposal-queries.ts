import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import type { Decision } from './enums.ts'
import type { ProposalFacts } from './proposal-facts.ts'
import { proposals } from './proposals-schema.ts'

/** A proposal with what it is about. */
export interface ProposalRow {
  readonly proposalId: number
  readonly decision: Decision
  readonly breakId: number | null
  readonly orderId: string | null
  readonly statementId: number | null
  readonly source: string | null
  readonly partner: string | null
  readonly reference: string | null
  readonly note: string
  readonly facts: ProposalFacts
  readonly proposedBy: string
  readonly proposedAt: Date
  readonly state: 'open' | 'approved' | 'declined'
  readonly decidedBy: string | null
  readonly decidedAt: Date | null
  readonly decisionNote: string | null
  readonly alone: boolean
  readonly rupiahAtRisk: string | null
}

const COLUMNS = {
  proposalId: proposals.id,
  decision: proposals.decision,
  breakId: proposals.breakId,
  orderId: proposals.orderId,
  statementId: proposals.statementId,
  source: proposals.source,
  partner: orders.partner,
  reference: orders.reference,
  note: proposals.note,
  facts: proposals.facts,
  proposedBy: proposals.proposedBy,
  proposedAt: proposals.proposedAt,
  state: proposals.state,
  decidedBy: proposals.decidedBy,
  decidedAt: proposals.decidedAt,
  decisionNote: proposals.decisionNote,
  alone: proposals.alone,
  rupiahAtRisk: sql<string | null>`${breaks.rupiahAtRisk}::text`,
}

const selectProposals = statement(
  'list_proposals',
  { isOpen: type.boolean, limit: type.integer },
  (db, { isOpen }) =>
    db
      .select(COLUMNS)
      .from(proposals)
      .leftJoin(breaks, eq(breaks.id, proposals.breakId))
      .leftJoin(orders, sql`${orders.id} = coalesce(${proposals.orderId}, ${breaks.orderId})`)
      .where(sql`(${proposals.state} = 'open') = ${isOpen}`)
      .orderBy(desc(proposals.id))
      .limit(sql.placeholder('limit')),
)

/** Proposals that wait, or that were decided; the newest first. */
export async function listProposals(
  runner: StatementRunner,
  isOpen: boolean,
  limit: number,
): Promise<ProposalRow[]> {
  return await selectProposals(runner, { isOpen, limit })
}

const selectOpenOf = statement(
  'find_open_proposals',
  { orderId: nullable(proposals.orderId), breakId: nullable(proposals.breakId) },
  (db, { orderId, breakId }) =>
    db
      .select(COLUMNS)
      .from(proposals)
      .leftJoin(breaks, eq(breaks.id, proposals.breakId))
      .leftJoin(orders, eq(orders.id, proposals.orderId))
      .where(
        and(
          eq(proposals.state, sql`'open'`),
          sql`(${proposals.orderId} = ${orderId} or ${proposals.breakId} = ${breakId})`,
        ),
      )
      .orderBy(asc(proposals.id)),
)

/** The open proposal about an order or a break; null when there is none. */
export async function findOpenProposal(
  runner: StatementRunner,
  about: { readonly orderId: string } | { readonly breakId: number },
): Promise<ProposalRow | null> {
  const [row] = await selectOpenOf(runner, {
    orderId: 'orderId' in about ? about.orderId : null,
    breakId: 'breakId' in about ? about.breakId : null,
  })
  return row ?? null
}
