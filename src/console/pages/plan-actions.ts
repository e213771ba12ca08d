import { sessionOf } from '../../operators/acting.ts'
import { type CommandContext, type PlanAnswer, pausePlan, resumePlan } from '../../plans/commands.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import { doneOf, orRefusal, Refused } from '../command-outcome.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { planPage, readPlanView, shownOfPlan } from './plan.ts'

type Work = (session: Session, planId: number, context: CommandContext) => Promise<PlanAnswer>

/** Gives a command to a plan, unless the person saw another state or another next due time. */
const commandOf =
  (said: string, work: Work) =>
  async (call: Call): Promise<Answer> => {
    const plan = await readPlanView(call)
    const stale = staleness(call, shownOfPlan(plan))
    if (stale !== null) return await planPage(call, stale)
    const give = async () => {
      const note = (call.form.get('note') ?? '').trim()
      if (!/[\p{L}\p{N}]/u.test(note)) throw new Refused(call.texts('no_reason'))
      const person = call.person(note)
      const context = { who: 'person', by: person.by, note, clock: databaseClock } as const
      doneOf(await call.inSession((session) => work(sessionOf(session, person), plan.planId, context)))
      return done(`/plans/${plan.planId}`, said)
    }
    return await orRefusal(give, (problem) => planPage(call, problem))
  }

export const pause = commandOf('plan_paused', pausePlan)
export const resume = commandOf('plan_resumed', resumePlan)
