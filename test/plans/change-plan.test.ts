import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PlanChange } from '../../src/plans/change-terms.ts'
import { planDueTimes } from '../../src/plans/plan-due-times.ts'
import { skipPlanDay } from '../../src/plans/skip-day.ts'
import type { StatementRunner } from '../../src/postgres/pool.ts'
import { constraintOf } from '../support/constraint.ts'
import { ANI, changeOf, changePlan, OTHER_ORDER } from '../support/scenes/plan-change-scene.ts'
import { leadAt, nine, openPlanScene } from '../support/scenes/plan-scene.ts'

let scene: Awaited<ReturnType<typeof openPlanScene>>
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene?.close()
})

const change = (...[wanted, at, approver]: [PlanChange, Date, typeof ANI?]) =>
  changePlan(scene.databaseUrl, wanted, at, approver)

const runsOf = async () =>
  (
    await scene.run<{ run: string }>(
      `SELECT r.plan_id || ' ' || to_char(r.day, 'MM-DD') || ' ' || to_char(r.due_at AT TIME ZONE 'Asia/Jakarta', 'MM-DD HH24:MI') AS run
       FROM plan_runs r ORDER BY r.due_at, r.plan_id`,
    )
  ).map(({ run }) => run)

describe('a plan that two people change from a day on', () => {
  it('keeps its days before, and goes on as another plan, each with a link to the other', async () => {
    const { planId } = await scene.add({ overlap: 'allow' })
    const wanted = changeOf(planId, '2026-02-26', { order: OTHER_ORDER })
    expect(await change(wanted, nine(-1))).toBeNull()
    for (const day of [0, 1, 2]) await scene.tick(nine(60, day))
    expect(await runsOf()).toEqual([
      `${planId} 02-25 02-25 09:00`,
      `${planId + 1} 02-26 02-26 10:00`,
      `${planId + 1} 02-27 02-27 10:00`,
    ])
    const plans = await scene.run<object>(
      'SELECT state, until_day::text, from_day::text, replaces, deadline_minutes, created_by FROM plans ORDER BY id',
    )
    expect(plans).toMatchObject([
      { state: 'ended', until_day: '2026-02-26', from_day: null, replaces: null, deadline_minutes: null },
      {
        ...{ state: 'active', until_day: null, from_day: '2026-02-26', replaces: planId },
        ...{ deadline_minutes: 30, created_by: 'ani' },
      },
    ])
    const amounts = await scene.run<{ content: object }>(
      'SELECT content FROM orders ORDER BY accepted_at, reference',
    )
    expect(amounts.map(({ content }) => Object.keys(content)[0])).toEqual(['gold_weight', 'amount', 'amount'])
  })

  it('has each date placed once also where two people change it while a scheduler places one', async () => {
    const { planId } = await scene.add({ overlap: 'allow' })
    const slow: StatementRunner = {
      async run(statement, values) {
        // The scheduler knows the next date, and is about to write this one.
        if (statement.text.includes('insert into "plan_runs"'))
          await change(changeOf(planId, '2026-02-26'), nine(-1))
        return await scene.database.run(statement, values)
      },
    }
    await planDueTimes(slow, { clock: async () => nine(), actor: 'scheduler:slow', planId: null })
    for (const day of [0, 1, 2]) await scene.tick(nine(60, day))
    expect(await runsOf()).toEqual([
      `${planId} 02-25 02-25 09:00`,
      `${planId + 1} 02-26 02-26 10:00`,
      `${planId + 1} 02-27 02-27 10:00`,
    ])
    const late = `INSERT INTO plan_runs (plan_id, due_at, day, reference, state, reason, actor)
      VALUES ($1, now(), '2026-02-26', 'late', 'planned', 'due', 'test')`
    expect(await constraintOf(scene.run(late, [planId]))).toBe('run_of_plan_day')
  })

  it('is refused to its author, for today, twice, once a date from the day on is placed, and while one is skipped', async () => {
    const { planId } = await scene.add({
      schedule: { is: 'monthly', day: 28, weekend: 'before', at: '09:00' },
    })
    expect(await change(changeOf(planId, '2026-02-28'), nine(-1), ANI)).toContain(
      'another person must approve',
    )
    expect(await change(changeOf(planId, '2026-02-25'), nine(-1))).toContain('must be a day after today')
    // The 28th is a Saturday: it is due on the 27th, which is over when the day of the change is still to come.
    await scene.tick(nine(0, 2))
    expect(await change(changeOf(planId, '2026-02-28'), nine(1, 2))).toContain('is placed already')
    const person = { ...leadAt(nine(2, 2)), who: 'person' as const, note: 'asked' }
    await skipPlanDay(scene.database, planId, '2026-03-28', person)
    expect(await change(changeOf(planId, '2026-03-10'), nine(2, 2))).toContain('2026-03-28 is skipped')
    expect(await change(changeOf(planId, '2026-03-29'), nine(2, 2))).toBeNull()
    expect(await change(changeOf(planId, '2026-03-30'), nine(2, 2))).toContain(
      'is changed from 2026-03-29 on already',
    )
  })

  it('is not changed without their approval, whatever a program does', async () => {
    const { planId } = await scene.add()
    const refusal = (text: string) => constraintOf(scene.run(text, [planId]))
    expect(await refusal(`UPDATE plans SET until_day = '2026-03-01' WHERE id = $1`)).toBe(
      'plan_change_two_people',
    )
    expect(
      await refusal(
        `INSERT INTO plans (name, partner, source, schedule, time_zone, starts_at, missed, max_age_minutes, overlap, state, reason, actor, created_by, from_day, replaces)
         SELECT 'other', partner, source, schedule, time_zone, starts_at, missed, max_age_minutes, overlap, 'active', 'changed_by_people', actor, created_by, '2026-03-01', id FROM plans WHERE id = $1`,
      ),
    ).toBe('plan_change_two_people')
  })
})
