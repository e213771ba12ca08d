import { InvalidOrderError } from '../domain/submission.ts'
import type { Breach } from '../partners/limits.ts'
import { addOwnPlan, type OwnWish } from '../plans/add-own-plan.ts'
import type { Refusal } from '../plans/lead-plan.ts'
import { parseOrderSource } from '../plans/order-source.ts'
import { InvalidTermsError, type PlanWish, readPlanWish } from '../plans/read-terms.ts'
import { leadOf } from './own-plan.ts'
import { planAnswerOf } from './plan-answer.ts'
import { Problem } from './problems.ts'
import type { Answer, Call } from './route.ts'

/** Adds a plan: 201 once it is committed, 200 for every repetition. */
export async function acceptPlan(body: unknown, call: Call): Promise<Answer> {
  const { caller, database } = call
  const added = await addOwnPlan(database, readWish(body, caller.partner), caller.limits, leadOf(call))
  switch (added.is) {
    case 'added':
    case 'known':
      return {
        status: added.is === 'added' ? 201 : 200,
        body: planAnswerOf(added.plan),
        headers: { location: `/v1/plans/${added.plan.name}` },
      }
    case 'conflict':
      throw new Problem('plan_conflict', { differs: added.differs })
    case 'breach':
      throw breachOf(added.breach)
    case 'refused':
      throw refusalOf(added.why, added.because)
  }
}

/** What a wish that is refused is answered with. */
export function refusalOf(why: Refusal, because: string): Problem {
  switch (why) {
    case 'never_due':
      return invalid('schedule', 'must have a time between from and to')
    case 'not_now':
      return invalid('due_at', 'must be now, give or take five minutes')
    case 'batch_unknown':
      return invalid('batch_id', 'is no batch of yours')
    case 'batch_unfit':
      return new Problem('batch_unfit', { detail: because })
    case 'unknown':
      return new Problem('not_found')
    case 'wrong_state':
      return new Problem('plan_state', { detail: because })
    case 'name_taken':
      throw new Error('a name that nobody has was taken')
  }
}

const NEVER = 'no run of this plan could ever be placed'

function breachOf(breach: Breach): Problem {
  // Waiting for another day mends nothing: what is too much for a day is too much for an order.
  return new Problem(breach, { detail: NEVER })
}

function readWish(body: unknown, partner: string): OwnWish {
  const wish = asked(() => readPlanWish(body))
  // A copy of the whole batch at each due time, whether or not the limits have let the rows of the last one through.
  if (wish.is === 'batch' && wish.terms.overlap === 'allow')
    throw invalid('overlap', 'must be skip or wait for a plan of a batch')
  if (wish.is === 'batch') return { owner: partner, terms: wish.terms, of: wish }
  const { deadlineMinutes } = wish
  const { source } = asked(() => parseOrderSource(orderOf(wish, partner)))
  return { owner: partner, terms: wish.terms, of: { is: 'order', source, deadlineMinutes } }
}

function orderOf({ order }: Extract<PlanWish, { is: 'order' }>, partner: string): unknown {
  if (typeof order !== 'object' || order === null || Array.isArray(order))
    throw invalid('order', 'must be an object')
  if (Object.hasOwn(order, 'partner'))
    throw invalid('order.partner', 'is known from the key and is not a field')
  return { ...order, partner }
}

/** Reads something of the body. @throws Problem that names the bad field */
function asked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidTermsError) throw invalid(error.field, error.problem)
    if (error instanceof InvalidOrderError) throw invalid(`order.${error.field}`, error.problem)
    throw error
  }
}

function invalid(field: string, problem: string): Problem {
  return new Problem('invalid_request', { errors: [{ field, problem }] })
}
