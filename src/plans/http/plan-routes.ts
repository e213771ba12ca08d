import { z } from 'zod'
import { PAGE, pageOf, paging, readPlace } from '../../http/paging.ts'
import { type AnyRoute, route } from '../../http/route.ts'
import { readPlanDays } from '../coming.ts'
import { PLAN_STATES } from '../lifecycle.ts'
import { listPartnerPlans, readRunsBefore } from '../partner-plans.ts'
import { planName } from '../terms.ts'
import { acceptPlan } from './accept-plan.ts'
import { partnerPlan } from './partner-plan.ts'
import { planAnswerOf, readPlanAnswer, runAnswerOf } from './plan-answer.ts'
import { PLAN, PLAN_BODIES, RUNS } from './plan-examples.ts'
import { planAnswer, planBody, planParams, plansAnswer, runsAnswer } from './plan-schemas.ts'

const Location = 'where the plan is read'

export const PLAN_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'addPlan',
    method: 'POST',
    path: '/v1/plans',
    summary: 'Add a plan: an order, or an approved batch, that comes again and again',
    description: `Safe to repeat: the same name and content is the same plan, also once it is over; with other content the answer
is 409 and the first plan stands. Your limits apply again to each run.`,
    scope: 'batches:write',
    query: z.strictObject({}),
    body: planBody as z.ZodType<unknown>,
    readsBody: true,
    bodyExamples: PLAN_BODIES,
    answers: {
      200: {
        description: 'The plan was added before',
        schema: planAnswer,
        example: PLAN,
        headers: { Location },
      },
      201: { description: 'The plan is added', schema: planAnswer, example: PLAN, headers: { Location } },
    },
    problems: ['plan_conflict', 'batch_unfit', 'kind_not_allowed', 'rupiah_unbounded', 'rupiah_per_order'],
    handle: ({ body }, call) => acceptPlan(body, call),
  }),
  route({
    name: 'listPlans',
    method: 'GET',
    path: '/v1/plans',
    summary: 'List your plans, by name',
    scope: 'orders:read',
    query: z.strictObject({
      state: z.enum(PLAN_STATES).describe('only plans in this state').optional(),
      ...paging('plans'),
    }),
    answers: {
      200: { description: 'A page of plans', schema: plansAnswer, example: { plans: [PLAN], next: null } },
    },
    problems: [],
    async handle({ query }, { database, caller }) {
      const { state = null, limit = PAGE, cursor } = query
      const after = readPlace(cursor, (text) => planName.safeParse(text).success)
      const found = await listPartnerPlans(database, {
        owner: caller.partner,
        state,
        after,
        limit: limit + 1,
      })
      const { page, next } = pageOf(found, limit, ({ name }) => name)
      const days = await readPlanDays(database, page)
      return { status: 200, body: { plans: page.map((plan) => planAnswerOf(plan, days)), next } }
    },
  }),
  route({
    name: 'readPlan',
    method: 'GET',
    path: '/v1/plans/{name}',
    summary: 'Read a plan, and when it is due next',
    scope: 'orders:read',
    params: planParams,
    query: z.strictObject({}),
    answers: { 200: { description: 'The plan as it is now', schema: planAnswer, example: PLAN } },
    problems: ['not_found'],
    async handle({ params }, call) {
      const plan = await partnerPlan(params.name, call)
      return { status: 200, body: await readPlanAnswer(call.database, plan) }
    },
  }),
  route({
    name: 'listPlanRuns',
    method: 'GET',
    path: '/v1/plans/{name}/runs',
    summary: "List a plan's due times and what became of them, the newest first",
    scope: 'orders:read',
    params: planParams,
    query: z.strictObject(paging('due times')),
    answers: {
      200: { description: 'A page of due times', schema: runsAnswer, example: { runs: RUNS, next: null } },
    },
    problems: ['not_found'],
    async handle({ params, query }, call) {
      const { limit = PAGE, cursor } = query
      const before = readPlace(cursor, isTime)
      const { planId } = await partnerPlan(params.name, call)
      const until = before === null ? null : new Date(before)
      const found = await readRunsBefore(call.database, planId, until, limit + 1)
      const { page, next } = pageOf(found, limit, ({ dueAt }) => dueAt.toISOString())
      return { status: 200, body: { runs: page.map(runAnswerOf), next } }
    },
  }),
]

function isTime(text: string): boolean {
  const time = new Date(text)
  return /^20/.test(text) && !Number.isNaN(time.getTime()) && time.toISOString() === text
}
