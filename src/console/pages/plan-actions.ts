import { startOfDay } from '../../core/business-days.ts'
import { sessionOf } from '../../operators/acting.ts'
import { type PlanAnswer, pausePlan, refused, resumePlan } from '../../plans/commands.ts'
import { type DayCommand, skipPlanDay, unskipPlanDay } from '../../plans/skip-day.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import { doneOf, orRefusal, Refused } from '../command-outcome.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { planPage, readPlanView, shownOfPlan } from './plan.ts'

type Work = (
  session: Session,
  planId: number,
  context: DayCommand,
  form: URLSearchParams,
) => Promise<PlanAnswer>

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
      doneOf(
        await call.inSession((session) => work(sessionOf(session, person), plan.planId, context, call.form)),
      )
      return done(`/plans/${plan.planId}`, said)
    }
    return await orRefusal(give, (problem) => planPage(call, problem))
  }

export const pause = commandOf('plan_paused', pausePlan)
export const resume = commandOf('plan_resumed', resumePlan)

/** The same for a command about one date, which the form names. */
const ofDate =
  (give: typeof skipPlanDay): Work =>
  async (session, planId, context, form) => {
    const date = form.get('date') ?? ''
    return startOfDay(date) === null
      ? refused('not_now', 'the date must be a day such as 2026-03-25')
      : await give(session, planId, date, context)
  }

export const skip = commandOf('plan_skipped', ofDate(skipPlanDay))
export const unskip = commandOf('plan_unskipped', ofDate(unskipPlanDay))
