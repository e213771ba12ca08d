import { z } from 'zod'
import { type Answer, type AnyRoute, type Call, route } from '../../http/route.ts'
import { pausePlan, removePlan, resumePlan } from '../commands.ts'
import type { PlanState } from '../lifecycle.ts'
import { readRun } from '../queries.ts'
import { runPlanNow } from '../run-now.ts'
import { refusalOf } from './accept-plan.ts'
import { commandContextOf, partnerPlan } from './partner-plan.ts'
import { readPlanAnswer, runAnswerOf } from './plan-answer.ts'
import { PAUSED, PLANNED_RUN, REMOVED, RESUMED, RUN_NOW_BODIES } from './plan-examples.ts'
import { planAnswer, planParams, runAnswer, runNowBody } from './plan-schemas.ts'

const COMMANDS = [
  {
    name: 'pausePlan',
    path: '/v1/plans/{name}/pause',
    summary: 'Pause a plan: it has no due times until it is resumed',
    command: pausePlan,
    wanted: 'paused',
    example: PAUSED,
  },
  {
    name: 'resumePlan',
    path: '/v1/plans/{name}/resume',
    summary: 'Resume a paused plan with its next due time',
    command: resumePlan,
    wanted: 'active',
    example: RESUMED,
  },
  {
    name: 'removePlan',
    path: '/v1/plans/{name}/remove',
    summary: 'Remove a plan for good: orders it started go on, its history stays',
    command: removePlan,
    wanted: 'removed',
    example: REMOVED,
  },
] as const

/** Commands on an existing plan. */
export const PLAN_COMMAND_ROUTES: readonly AnyRoute[] = [
  ...COMMANDS.map(({ name, path, summary, command, wanted, example }) =>
    route({
      name,
      method: 'POST',
      path,
      summary,
      description: 'Safe to repeat. It takes no body.',
      scope: 'batches:write',
      params: planParams,
      query: z.strictObject({}),
      answers: { 200: { description: 'The plan as it then is', schema: planAnswer, example } },
      problems: ['not_found', 'plan_state'],
      handle: ({ params }, call) => commandPlan(params.name, { command, wanted }, call),
    }),
  ),
  route({
    name: 'runPlanNow',
    method: 'POST',
    path: '/v1/plans/{name}/run-now',
    summary: 'Make a plan due now, beside its schedule',
    description: `Safe to repeat: you name the due time, and a due time has one run. The answer is 202 once the run is
written; a scheduler starts it.`,
    scope: 'batches:write',
    params: planParams,
    query: z.strictObject({}),
    body: runNowBody,
    bodyExamples: RUN_NOW_BODIES,
    answers: {
      202: { description: 'The due time, as it is by then', schema: runAnswer, example: PLANNED_RUN },
    },
    problems: ['not_found', 'plan_state'],
    handle: ({ params, body }, call) => runNow(params.name, body.due_at, call),
  }),
]

async function commandPlan(
  name: string,
  { command, wanted }: { readonly command: typeof pausePlan; readonly wanted: PlanState },
  call: Call,
): Promise<Answer> {
  const { planId } = await partnerPlan(name, call)
  const answer = await command(call.database, planId, commandContextOf(call))
  const plan = answer.is === 'done' ? answer.plan : await partnerPlan(name, call)
  if (answer.is === 'refused' && plan.state !== wanted) throw refusalOf(answer.why, answer.message)
  return { status: 200, body: await readPlanAnswer(call.database, plan) }
}

async function runNow(name: string, dueAt: Date, call: Call): Promise<Answer> {
  const { planId } = await partnerPlan(name, call)
  const answer = await runPlanNow(call.database, planId, commandContextOf(call), dueAt)
  if (answer.is === 'refused') throw refusalOf(answer.why, answer.message)
  return { status: 202, body: runAnswerOf(await readRun(call.database, planId, answer.dueAt)) }
}
