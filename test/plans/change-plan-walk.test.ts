import { assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setHolidays } from '../support/scenes/holidays-scene.ts'
import { changeOf, changePlan, OTHER_ORDER } from '../support/scenes/plan-change-scene.ts'
import { openPlanScene } from '../support/scenes/plan-scene.ts'

let scene: Awaited<ReturnType<typeof openPlanScene>>
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene?.close()
})

describe('a plan and the one that goes on from it', () => {
  it('have each day of the schedule placed once, by one of the two, whenever the change is made and whatever becomes a holiday', async () => {
    const weekends = constantFrom('keep', 'before', 'after')
    const cases = record({
      ...{ day: integer({ min: 1, max: 31 }), weekend: weekends, from: integer({ min: 2, max: 60 }) },
      ...{ changedAt: integer({ min: 0, max: 50 }), holidayAt: integer({ min: 0, max: 80 }) },
      holidays: integer({ min: 1, max: 9 }),
      firstHoliday: integer({ min: 0, max: 70 }),
    })
    let year = 2030
    await assert(
      asyncProperty(cases, async ({ day, weekend, from, changedAt, holidayAt, holidays, firstHoliday }) => {
        year += 1
        const first = new Date(Date.UTC(year, 0, 3, 1))
        const at = (n: number) => new Date(first.getTime() + n * 86_400_000)
        const dayOf = (n: number) => at(n).toISOString().slice(0, 10)
        const schedule = { is: 'monthly', day, weekend, at: '09:00' } as const
        const terms = { schedule, overlap: 'allow', missed: 'run_all', maxAgeMinutes: 10_000 } as const
        const { planId } = await scene.add(terms, at(0))
        for (let n = 0; n <= 95; n += 1) {
          if (n === changedAt) {
            const wanted = changeOf(planId, dayOf(changedAt + from), { schedule: null, order: OTHER_ORDER })
            await changePlan(scene.databaseUrl, wanted, at(n))
          }
          if (n === holidayAt) {
            const days = Array.from({ length: holidays }, (_, position) => dayOf(firstHoliday + position))
            await setHolidays(scene.databaseUrl, Object.fromEntries(days.map((each) => [each, 'x'])))
          }
          await scene.tick(new Date(at(n).getTime() + 3 * 3_600_000))
        }
        const rows = await scene.run<{ day: string; count: number }>(
          `SELECT day::text, count(*)::int FROM plan_runs r JOIN plans p ON p.id = r.plan_id
           WHERE $1 IN (p.id, p.replaces) GROUP BY day ORDER BY day`,
          [planId],
        )
        // The days that are over even where holidays moved them by two weeks.
        const due = Array.from({ length: 78 }, (_, n) => dayOf(n)).filter((each) => isDayOf(each, day))
        const placed = rows.filter((row) => row.day <= dayOf(77)).map((row) => row.day)
        expect(placed.slice(-due.length + 1)).toEqual(due.slice(1))
        expect(rows.every((row) => row.count === 1)).toBe(true)
        await scene.run(
          `UPDATE plans SET state = 'removed', reason = 'removed_by_person' WHERE state = 'active'`,
        )
      }),
      { numRuns: 8 },
    )
  })
})

/** Whether a monthly plan of a day names this one: the day, or the last of a shorter month. */
function isDayOf(each: string, day: number): boolean {
  const date = new Date(each)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  return date.getUTCDate() === Math.min(day, last)
}
