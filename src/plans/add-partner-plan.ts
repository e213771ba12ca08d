import { and, eq } from 'drizzle-orm'
import { batches } from '../batches/schema.ts'
import type { OrderCommand } from '../orders/command.ts'
import { type Breach, breachByItself, type PartnerLimits } from '../partners/limits.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { addBatchPlan, type BatchPlanRequest, batchSourceOf } from './batch-source.ts'
import { addPlan, type CommandContext, type PlanAnswer } from './commands.ts'
import { differingTerms } from './differing-terms.ts'
import { findPartnerPlan } from './partner-plans.ts'
import type { Plan } from './plan.ts'
import type { CommonTerms } from './read-terms.ts'
import type { OrderSource } from './source.ts'

/** A partner's validated request for a plan. */
export interface PartnerPlanRequest {
  readonly owner: string
  readonly terms: CommonTerms
  readonly of:
    | {
        readonly is: 'order'
        readonly command: OrderCommand
        readonly source: OrderSource
        readonly deadlineMinutes: number | null
      }
    | ({ readonly is: 'batch' } & BatchPlanRequest)
}

/** The result. `known`: the same request added it before. */
export type AddedPartnerPlan =
  | { readonly is: 'added' | 'known'; readonly plan: Plan }
  | { readonly is: 'conflict'; readonly differs: readonly string[] }
  | { readonly is: 'breach'; readonly breach: Breach }
  | Extract<PlanAnswer, { is: 'refused' }>

/**
 * Adds a partner's plan. Idempotent: the same name and content is the same plan, also once it is over and also when the
 * limits would no longer admit it; with other content it is a conflict, and the first plan stands.
 */
export async function addPartnerPlan(
  database: Transactor,
  request: PartnerPlanRequest,
  limits: PartnerLimits,
  command: CommandContext,
): Promise<AddedPartnerPlan> {
  const before = await findKnown(database, request)
  if (before !== null) return before
  const answer = await add(database, request, limits, command)
  if (answer.is === 'done') return { is: 'added', plan: answer.plan }
  // A concurrent request may have added it.
  return (await findKnown(database, request)) ?? answer
}

async function add(
  database: Transactor,
  { owner, terms, of }: PartnerPlanRequest,
  limits: PartnerLimits,
  command: CommandContext,
) {
  if (of.is === 'batch') return await addBatchPlan(database, { ...terms, owner }, of, command)
  const { source, deadlineMinutes } = of
  const breach = breachByItself(limits, of.command)
  if (breach !== null) return { is: 'breach', breach } as const
  return await addPlan(database, { ...terms, owner, partner: owner, source, deadlineMinutes }, command)
}

/** The plan that has this name already, or how it differs; null when the name is free. */
async function findKnown(
  runner: StatementRunner,
  request: PartnerPlanRequest,
): Promise<AddedPartnerPlan | null> {
  const plan = await findPartnerPlan(runner, request.owner, request.terms.name)
  if (plan === null) return null
  const differs = differingTerms(plan, await termsOf(runner, request))
  return differs.length === 0 ? { is: 'known', plan } : { is: 'conflict', differs }
}

const countRows = statement(
  'count_rows_of_own_batch',
  { batchId: batches.id, owner: batches.owner },
  (db, { batchId, owner }) =>
    db
      .select({ rows: batches.rowCount })
      .from(batches)
      .where(and(eq(batches.id, batchId), eq(batches.owner, owner))),
)

async function termsOf(runner: StatementRunner, { owner, terms, of }: PartnerPlanRequest) {
  if (of.is === 'order') {
    const { source, deadlineMinutes } = of
    return { ...terms, owner, partner: owner, source, deadlineMinutes }
  }
  const [batch] = await countRows(runner, { batchId: of.batchId, owner })
  const source = batchSourceOf(of, batch?.rows ?? 0)
  return { ...terms, owner, partner: null, source, deadlineMinutes: null }
}
