import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anyChangeKind } from '../../src/approvals/change-kind.ts'
import { approveChange, proposeChange } from '../../src/approvals/commands.ts'
import { CHANGE_HOLIDAYS } from '../../src/holidays/change-holidays.ts'
import type { Monthly } from '../../src/plans/calendar.ts'
import { comingOf, readPlanDays } from '../../src/plans/coming.ts'
import { pausePlan, resumePlan } from '../../src/plans/commands.ts'
import type { Plan } from '../../src/plans/plan.ts'
import { planDueTimes } from '../../src/plans/plan-due-times.ts'
import { findPlan } from '../../src/plans/queries.ts'
import type { StatementRunner } from '../../src/postgres/pool.ts'
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

// NINE is 09:00 on Wednesday, the 25th of February 2026.
const on25 = (weekend: Monthly['weekend']): Monthly => ({ is: 'monthly', day: 25, weekend, at: '09:00' })

/** The days on which runs were planned. */
async function runDays(): Promise<string[]> {
  const rows = await scene.run<{ due: string }>(
    `SELECT to_char(due_at AT TIME ZONE 'Asia/Jakarta', 'MM-DD HH24:MI') || ' of ' || to_char(day, 'MM-DD') AS due
     FROM plan_runs ORDER BY due_at`,
  )
  return rows.map(({ due }) => due)
}

/** The next due times as a person reads them. */
async function coming({ planId }: Plan, now: Date, limit = 2): Promise<string[]> {
  const plan = await findPlan(scene.database, String(planId))
  if (plan === null) throw new Error('no plan')
  return comingOf(plan, limit, await readPlanDays(scene.database, [plan]), now).map(
    ({ at, move }) =>
      `${new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)}${move === null ? '' : ` from ${move.day} ${move.holiday}`}`,
  )
}

describe('a holiday that two people approve', () => {
  it('moves due times that have no run, and says from where', async () => {
    const plan = await scene.add({ schedule: on25('after') }, nine(-60))
    await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi' })
    expect(await coming(plan, nine(-60))).toEqual(['2026-02-26 from 2026-02-25 Nyepi', '2026-03-25'])
    await scene.tick(nine())
    expect(await runDays()).toEqual([])
    await scene.tick(nine(0, 1))
    expect(await runDays()).toEqual(['02-26 09:00 of 02-25'])
    expect(await coming(plan, nine(0, 1))).toEqual(['2026-03-25', '2026-04-27 from 2026-04-25 null'])
  })

  it('places nothing again whose day was placed before', async () => {
    const plan = await scene.add({ schedule: on25('after') })
    await scene.tick(nine())
    await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi' })
    expect(await coming(plan, nine(1), 1)).toEqual(['2026-03-25'])
    for (const day of [0, 1, 2]) await scene.tick(nine(2, day))
    expect(await runDays()).toEqual(['02-25 09:00 of 02-25'])
    expect(await scene.references()).toHaveLength(1)
  })

  it('places nothing again after a pause, either', async () => {
    const plan = await scene.add({ schedule: on25('after') })
    await scene.tick(nine())
    await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi' })
    await pausePlan(scene.database, plan.planId, leadAt(nine(1)))
    await resumePlan(scene.database, plan.planId, leadAt(nine(2)))
    expect(await coming(plan, nine(2), 1)).toEqual(['2026-03-25'])
  })

  it('comes too late to move a due time to a time that is over: it stays on its day', async () => {
    const plan = await scene.add({ schedule: on25('before') }, nine(-60))
    await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi' })
    expect(await coming(plan, nine(-30), 1)).toEqual(['2026-02-25'])
    await scene.tick(nine(-30))
    await scene.tick(nine())
    expect(await runDays()).toEqual(['02-25 09:00 of 02-25'])
  })

  it('that is approved while a run is being placed moves the next due time and not that one', async () => {
    const plan = await scene.add({ schedule: on25('after') })
    const slow: StatementRunner = {
      async run(statement, values) {
        // The scheduler has read the holidays, and is about to write the run.
        if (statement.text.includes('insert into "plan_runs"'))
          await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi', '2026-03-25': 'Idul Fitri' })
        return await scene.database.run(statement, values)
      },
    }
    await planDueTimes(slow, { clock: async () => nine(), actor: 'scheduler:slow', planId: null })
    for (const day of [0, 1, 2]) await scene.tick(nine(1, day))
    expect(await runDays()).toEqual(['02-25 09:00 of 02-25'])
    expect(await coming(plan, nine(1, 2), 1)).toEqual(['2026-03-26 from 2026-03-25 Idul Fitri'])
    for (const day of [28, 29]) await scene.tick(nine(1, day))
    expect(await runDays()).toEqual(['02-25 09:00 of 02-25', '03-26 09:00 of 03-25'])
  })

  it('moves nothing of a plan that keeps its days, or that is of a cron pattern', async () => {
    const kept = await scene.add({ schedule: on25('keep') })
    const daily = await scene.add({})
    await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi' })
    for (const plan of [kept, daily]) expect(await coming(plan, nine(-1), 1)).toEqual(['2026-02-25'])
    await scene.tick(nine())
    expect(await runDays()).toHaveLength(2)
  })

  it('moves a due time back when a later list has the day no more', async () => {
    const plan = await scene.add({ schedule: on25('after') }, nine(-120))
    await setHolidays(scene.databaseUrl, { '2026-02-25': 'Nyepi' })
    await scene.tick(nine(-60))
    await setHolidays(scene.databaseUrl, { '2026-02-26': 'Nyepi' })
    expect(await coming(plan, nine(-60), 1)).toEqual(['2026-02-25'])
    await scene.tick(nine())
    expect(await runDays()).toEqual(['02-25 09:00 of 02-25'])
  })
})

describe('the holidays of a year', () => {
  const change = { file: 'x.csv', holidays: [{ day: '2026-03-19', name: 'Nyepi', source: null }] }
  const rules = { kinds: [anyChangeKind(CHANGE_HOLIDAYS)], onePersonTeam: false }
  const ANI = { by: 'ani', note: 'the decree' }

  it('are set by two people, whatever a program does', async () => {
    expect(
      await constraintOf(
        scene.run(`INSERT INTO holidays (day, name, request_id) VALUES ('2026-03-19', 'Nyepi', 1)`),
      ),
    ).toBe('holidays_two_people')
    await scene.session(async (session) => {
      const proposed = await proposeChange(session, ANI, CHANGE_HOLIDAYS, change)
      const requestId = proposed.is === 'done' ? proposed.requestId : 0
      expect((await approveChange(session, ANI, requestId, rules)).is).toBe('refused')
    })
    expect(await scene.run('SELECT 1 FROM holidays')).toEqual([])
    await expect(setHolidays(scene.databaseUrl, { '2026-03-20': 'x' })).rejects.toThrow('proposed it already')
  })

  it('are replaced as a whole, other years stay, and what was approved is not deleted by itself', async () => {
    await setHolidays(scene.databaseUrl, { '2026-03-19': 'Nyepi', '2027-03-08': 'Nyepi' })
    await setHolidays(scene.databaseUrl, { '2026-03-20': 'Idul Fitri' })
    const rows = await scene.run<{ day: string }>(`SELECT day::text FROM holidays ORDER BY day`)
    expect(rows.map(({ day }) => day)).toEqual(['2026-03-20', '2027-03-08'])
    expect(await constraintOf(scene.run('DELETE FROM holidays'))).toBe('holidays_two_people')
    expect(await constraintOf(scene.run(`UPDATE holidays SET name = 'x'`))).toBe('holidays_two_people')
  })
})
