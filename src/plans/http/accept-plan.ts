import { type FieldProblem, within } from '../../core/field-problems.ts'
import { Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import { InvalidOrderError } from '../../orders/submission.ts'
import type { Breach } from '../../partners/limits.ts'
import { addPartnerPlan, type PartnerPlanRequest } from '../add-partner-plan.ts'
import type { Refusal } from '../commands.ts'
import { type ParsedOrder, parseOrderSource } from '../order-source.ts'
import { InvalidTermsError, type PlanRequest, readPlanRequest } from '../read-terms.ts'
import { commandContextOf } from './partner-plan.ts'
import { readPlanAnswer } from './plan-answer.ts'

/** Adds a plan: 201 once it is committed, 200 for every repetition. */
export async function acceptPlan(body: unknown, call: Call): Promise<Answer> {
  const { caller, database } = call
  const added = await addPartnerPlan(
    database,
    readPartnerPlan(body, caller.partner),
    caller.limits,
    commandContextOf(call),
  )
  switch (added.is) {
    case 'added':
    case 'known':
      return {
        status: added.is === 'added' ? 201 : 200,
        body: await readPlanAnswer(database, added.plan),
        headers: { location: `/v1/plans/${added.plan.name}` },
      }
    case 'conflict':
      throw new Problem('plan_conflict', { differs: added.differs })
    case 'breach':
      throw breachOf(added.breach)
    case 'refused':
      throw refusalOf(added.why, added.message)
  }
}

/** The problem that answers a refused command. */
export function refusalOf(why: Refusal, message: string): Problem {
  switch (why) {
    case 'never_due':
      return invalid('schedule', 'must have a time between from and to')
    case 'not_now':
      return invalid('due_at', 'must be now, give or take five minutes')
    case 'batch_unknown':
      return invalid('batch_id', 'is no batch of yours')
    case 'batch_unfit':
      return new Problem('batch_unfit', { detail: message })
    case 'unknown':
      return new Problem('not_found')
    case 'wrong_state':
      return new Problem('plan_state', { detail: message })
    case 'name_taken':
      throw new Error('a name that nobody has was taken')
  }
}

const NEVER = 'no run of this plan could ever be placed'

function breachOf(breach: Breach): Problem {
  // Permanent: an order above the limit of a day can be placed on no day.
  return new Problem(breach, { detail: NEVER })
}

function readPartnerPlan(body: unknown, partner: string): PartnerPlanRequest {
  const request = readTerms(body, partner)
  // With `allow` each due time would add a whole copy, whether or not the limits had admitted the rows of the last one.
  if (request.is === 'batch' && request.terms.overlap === 'allow')
    throw invalid('overlap', 'must be skip or wait for a plan of a batch')
  if (request.is === 'batch') return { owner: partner, terms: request.terms, of: request }
  const { deadlineMinutes } = request
  const { parsed, problems } = readOrder(request.order, partner)
  if (parsed === null) throw refused(problems)
  const { command, source } = parsed
  return { owner: partner, terms: request.terms, of: { is: 'order', command, source, deadlineMinutes } }
}

/** Reads the body. @throws Problem with every problem, those of the order included */
function readTerms(body: unknown, partner: string): PlanRequest {
  try {
    return readPlanRequest(body)
  } catch (error) {
    if (!(error instanceof InvalidTermsError)) throw error
    const { order } = Object(body) as { order?: unknown }
    throw refused([...error.problems, ...(order === undefined ? [] : readOrder(order, partner).problems)])
  }
}

/** Reads the order of a plan. Its partner is that of the key. */
function readOrder(
  order: unknown,
  partner: string,
): { readonly parsed: ParsedOrder | null; readonly problems: readonly FieldProblem[] } {
  if (typeof order !== 'object' || order === null || Array.isArray(order))
    return { parsed: null, problems: [{ field: 'order', problem: 'must be an object' }] }
  const known = Object.hasOwn(order, 'partner')
    ? [{ field: 'order.partner', problem: 'is known from the key and is not a field' }]
    : []
  try {
    const parsed = parseOrderSource({ ...order, partner })
    return { parsed: known.length === 0 ? parsed : null, problems: known }
  } catch (error) {
    if (!(error instanceof InvalidOrderError)) throw error
    return { parsed: null, problems: [...known, ...within('order', error.problems)] }
  }
}

function invalid(field: string, problem: string): Problem {
  return refused([{ field, problem }])
}

function refused(errors: readonly FieldProblem[]): Problem {
  return new Problem('invalid_request', { errors })
}
