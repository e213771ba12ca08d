import { commandFrom } from '../orders/submission.ts'
import { type Breach, breachByItself, type PartnerLimits } from '../partners/limits.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import { addBatchPlan, type BatchPlanRequest, batchSourceOf } from './batch-source.ts'
import { addPlan, type CommandContext, type PlanAnswer } from './commands.ts'
import { differingTerms } from './differing-terms.ts'
import { findPartnerPlan } from './partner-plans.ts'
import type { OrderSource, Plan } from './plan.ts'
import type { CommonTerms } from './read-terms.ts'

/** A plan that a partner asks for, read. */
export interface PartnerPlanRequest {
  readonly owner: string
  readonly terms: CommonTerms
  readonly of:
    | { readonly is: 'order'; readonly source: OrderSource; readonly deadlineMinutes: number | null }
    | ({ readonly is: 'batch' } & BatchPlanRequest)
}

/** What became of it. `known`: it was added before, by the same wish. */
export type AddedPartnerPlan =
  | { readonly is: 'added' | 'known'; readonly plan: Plan }
  | { readonly is: 'conflict'; readonly differs: readonly string[] }
  | { readonly is: 'breach'; readonly breach: Breach }
  | Extract<PlanAnswer, { is: 'refused' }>

/**
 * Adds a partner's plan. Idempotent for ever: the same name and content is the same plan, also once it is over and also
 * when the limits would not let it in any more; with other content it is a conflict, and the first stands.
 */
export async function addPartnerPlan(
  database: Transactor,
  wish: PartnerPlanRequest,
  limits: PartnerLimits,
  lead: CommandContext,
): Promise<AddedPartnerPlan> {
  const before = await recognise(database, wish)
  if (before !== null) return before
  const answer = await add(database, wish, limits, lead)
  if (answer.is === 'done') return { is: 'added', plan: answer.plan }
  // Another request may have been quicker.
  return (await recognise(database, wish)) ?? answer
}

async function add(
  database: Transactor,
  { owner, terms, of }: PartnerPlanRequest,
  limits: PartnerLimits,
  lead: CommandContext,
) {
  if (of.is === 'batch') return await addBatchPlan(database, { ...terms, owner }, of, lead)
  const { source, deadlineMinutes } = of
  const breach = breachByItself(limits, commandFrom(source.kind, source.phone_number, source.content))
  if (breach !== null) return { is: 'breach', breach } as const
  return await addPlan(database, { ...terms, owner, partner: owner, source, deadlineMinutes }, lead)
}

/** The plan that has the name already, or what differs from it; null when the name is free. */
async function recognise(
  runner: StatementRunner,
  wish: PartnerPlanRequest,
): Promise<AddedPartnerPlan | null> {
  const plan = await findPartnerPlan(runner, wish.owner, wish.terms.name)
  if (plan === null) return null
  const differs = differingTerms(plan, await termsOf(runner, wish))
  return differs.length === 0 ? { is: 'known', plan } : { is: 'conflict', differs }
}

const COUNT_ROWS = {
  name: 'count_rows_of_own_batch',
  text: 'SELECT row_count AS rows FROM batches WHERE id = $1 AND owner = $2',
}

async function termsOf(runner: StatementRunner, { owner, terms, of }: PartnerPlanRequest) {
  if (of.is === 'order') {
    const { source, deadlineMinutes } = of
    return { ...terms, owner, partner: owner, source, deadlineMinutes }
  }
  const [batch] = await runner.run<{ rows: number }>(COUNT_ROWS, [of.batchId, owner])
  const source = batchSourceOf(of, batch?.rows ?? 0)
  return { ...terms, owner, partner: null, source, deadlineMinutes: null }
}
