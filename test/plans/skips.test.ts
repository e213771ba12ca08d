import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nextPlacedOf, readPlanDays } from '../../src/plans/coming.ts'
import { skipPlanDay, unskipPlanDay } from '../../src/plans/skip-day.ts'
import { findPlanById } from '../../src/plans/store.ts'
import { constraintOf } from '../support/constraint.ts'
import { setHolidays } from '../support/scenes/holidays-scene.ts'
import { leadAt, nine, openPlanScene } from '../support/scenes/plan-scene.ts'

let scene: Awaited<ReturnType<typeof openPlanScene>>
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene?.close()
})

const byAni = (at: Date) => ({ ...leadAt(at), who: 'person' as const, by: 'ani', note: 'asked for by phone' })
const skip = (planId: number, date: string, at = nine(-1)) =>
  skipPlanDay(scene.database, planId, date, byAni(at))
const unskip = (planId: number, date: string, at = nine(-1)) =>
  unskipPlanDay(scene.database, planId, date, byAni(at))

describe('a date of a plan that a person skips', () => {
  it('places nothing, and stands in the history with its reason; the next date is placed', async () => {
    const { planId } = await scene.add()
    expect(await skip(planId, '2026-02-25')).toMatchObject({ is: 'done', day: '2026-02-25' })
    await scene.tick(nine())
    await scene.tick(nine(0, 1))
    expect(await scene.runs()).toEqual(['0 skipped skipped_by_person', '1440 started order_submitted'])
    expect(await scene.references()).toHaveLength(1)
    expect(await scene.run('SELECT skipped_by, reason FROM plan_skips')).toEqual([
      { skipped_by: 'ani', reason: 'asked for by phone' },
    ])
  })

  it('is left out of what lists say a plan places next, as are those that are skipped after it', async () => {
    const { planId } = await scene.add()
    const next = async () => {
      const [plan] = await findPlanById(scene.database, { planId })
      if (plan === undefined) throw new Error('no plan')
      return nextPlacedOf(plan, await readPlanDays(scene.database, [plan]), nine(-1))
    }
    expect(await next()).toEqual(nine())
    await skip(planId, '2026-02-25')
    await skip(planId, '2026-02-26')
    expect(await next()).toEqual(nine(0, 2))
  })

  it('is placed after all when it is made due again in time', async () => {
    const { planId } = await scene.add()
    await skip(planId, '2026-02-25')
    expect(await skip(planId, '2026-02-25')).toMatchObject({
      is: 'refused',
      message: '2026-02-25 is skipped already',
    })
    expect(await unskip(planId, '2026-02-25')).toMatchObject({ is: 'done' })
    expect(await unskip(planId, '2026-02-25')).toMatchObject({ is: 'refused' })
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
  })

  it('is refused once its run was started, and not made due again once it was skipped', async () => {
    const { planId } = await scene.add({ overlap: 'allow' })
    await skip(planId, '2026-02-26')
    await scene.tick(nine())
    expect(await skip(planId, '2026-02-25', nine(1))).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('the run of 2026-02-25 was started before'),
    })
    await scene.tick(nine(0, 1))
    expect(await unskip(planId, '2026-02-26', nine(1, 1))).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('has come, and was skipped'),
    })
  })

  it('must be one on which the plan is due', async () => {
    const monthly = { is: 'monthly', day: 25, weekend: 'keep', at: '09:00' } as const
    const { planId } = await scene.add({ schedule: monthly }, nine(1))
    for (const date of ['2026-02-25', '2026-03-24', '2020-01-25'])
      expect(await skip(planId, date, nine(1))).toMatchObject({ is: 'refused', why: 'not_now' })
    expect(await skip(planId, '2026-05-25', nine(1))).toMatchObject({ is: 'done', day: '2026-05-25' })
  })

  it('is named as it is shown or as the schedule has it, and stays skipped where a holiday moves it later', async () => {
    const monthly = { is: 'monthly', day: 25, weekend: 'after', at: '09:00' } as const
    const { planId } = await scene.add({ schedule: monthly })
    // The 25th of April 2026 is a Saturday.
    expect(await skip(planId, '2026-04-27')).toMatchObject({ is: 'done', day: '2026-04-25' })
    expect(await unskip(planId, '2026-04-27')).toMatchObject({ is: 'done' })
    expect(await skip(planId, '2026-02-25')).toMatchObject({ is: 'done', day: '2026-02-25' })
    await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi' })
    await scene.tick(nine())
    await scene.tick(nine(0, 1))
    expect(await scene.runs()).toEqual(['1440 skipped skipped_by_person'])
  })

  it('does not make up for a date that was missed before it', async () => {
    const { planId } = await scene.add({ missed: 'run_once', maxAgeMinutes: 5 * 24 * 60 })
    await skip(planId, '2026-02-26')
    await scene.tick(nine(30, 1))
    expect(await scene.runs()).toEqual(['0 started order_submitted', '1440 skipped skipped_by_person'])
  })

  it('and a scheduler that places it at the same moment: one wins, the other says so', async () => {
    const added = await Promise.all(Array.from({ length: 8 }, () => scene.add()))
    const plans = added.sort((a, b) => a.planId - b.planId)
    const [answers] = await Promise.all([
      Promise.all(plans.map(({ planId }) => skip(planId, '2026-02-25', nine()))),
      scene.tick(nine()),
      scene.tick(nine()),
    ])
    await scene.tick(nine())
    const rows = await scene.run<{ plan_id: number; state: string; orders: number }>(
      `SELECT r.plan_id, r.state, count(r.order_id)::int AS orders FROM plan_runs r GROUP BY 1, 2 ORDER BY 1`,
    )
    const expected = answers.map((answer, position) => ({
      plan_id: plans[position]?.planId,
      ...(answer.is === 'done' ? { state: 'skipped', orders: 0 } : { state: 'started', orders: 1 }),
    }))
    expect(rows).toEqual(expected)
    for (const answer of answers)
      if (answer.is === 'refused') expect(answer.message).toContain('was started before')
  })

  it('cannot be written past the run, undone twice, or deleted', async () => {
    const { planId } = await scene.add()
    await skip(planId, '2026-02-26')
    await scene.tick(nine())
    const late = `INSERT INTO plan_skips (plan_id, day, reason, skipped_by) VALUES ($1, '2026-02-25', 'late', 'ani')`
    expect(await constraintOf(scene.run(late, [planId]))).toBe('plan_skip_in_time')
    expect(await constraintOf(scene.run(`UPDATE plan_skips SET reason = 'other'`))).toBe('plan_skip_identity')
    expect(await constraintOf(scene.run('DELETE FROM plan_skips'))).toBe('append_only')
  })
})
