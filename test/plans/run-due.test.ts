import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseSubmission } from '../../src/orders/submission.ts'
import { pausePlan, removePlan, resumePlan } from '../../src/plans/commands.ts'
import { planDueTimes } from '../../src/plans/plan-due-times.ts'
import { runPlanNow } from '../../src/plans/run-now.ts'
import { workOnPlan } from '../../src/plans/work-on-plan.ts'
import type { StatementRunner } from '../../src/postgres/pool.ts'
import { startPlanScheduler } from '../../src/processes/scheduler/plan-scheduler.ts'
import { openQueue } from '../../src/queue/backend.ts'
import { eventually } from '../support/eventually.ts'
import { WALLET } from '../support/factories/job-data.ts'
import { oneRow } from '../support/factories/stored-orders.ts'
import {
  EVERY_MINUTE,
  leadAt,
  NINE,
  nine,
  openPlanScene,
  type PlanScene,
  QUIET,
} from '../support/scenes/plan-scene.ts'
import { unnamed } from '../support/unnamed.ts'

let scene: PlanScene
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene.close()
})

/** Something that stands still until it is let go on. */
function frozen() {
  let thaw = () => {}
  let arrive = () => {}
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve
  })
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  return {
    thaw: () => thaw(),
    reached,
    async stand() {
      arrive()
      await thawed
    },
  }
}

/** Every run that was started has exactly one order of its own, and every order of the plans its run. */
async function expectOneOrderARun(): Promise<void> {
  const [counts] = await scene.run<{ runs: number; orders: number; pairs: number }>(`
    SELECT (SELECT count(*)::int FROM plan_runs WHERE state IN ('started', 'finished')) AS runs,
      (SELECT count(*)::int FROM orders) AS orders,
      (SELECT count(*)::int FROM plan_runs r JOIN orders o ON o.id = r.order_id AND o.reference = r.reference) AS pairs`)
  expect(counts?.orders).toBe(counts?.runs)
  expect(counts?.pairs).toBe(counts?.runs)
}

describe('a due time', () => {
  it('gets its run, its order and its end, each once', async () => {
    const { planId } = await scene.add()
    expect(await scene.tick(nine(-0.5))).toMatchObject({ planned: 0, started: 0 })
    expect(await scene.tick(nine())).toMatchObject({ planned: 1, started: 1 })
    expect(await scene.references()).toEqual([`plan-${planId}-2026-02-25T09:00+07:00`])
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
    expect(await scene.tick(nine(0.5))).toMatchObject({ planned: 0, started: 0, finished: 0 })
    await scene.endOrders()
    expect(await scene.tick(nine(1))).toMatchObject({ finished: 1, started: 0 })
    expect(await scene.runs()).toEqual(['0 finished order_ended'])
    const order = await oneRow<{ id: string; actor: string; minutes: number }>(
      scene.database,
      `SELECT o.id, e.actor, extract(epoch FROM o.deadline_at - o.accepted_at)::int / 60 AS minutes
       FROM orders o JOIN order_events e ON e.order_id = o.id AND e.reason = 'submitted'`,
    )
    expect(order).toMatchObject({ actor: `plan:${planId}`, minutes: 15 })
    expect(scene.woken).toEqual([order.id])
  })

  it('has a deadline of the plan’s own, counted from its start', async () => {
    await scene.add({ deadlineMinutes: 120, missed: 'run_all' })
    await scene.tick(nine(30))
    const { deadline_at } = await oneRow<{ deadline_at: Date }>(
      scene.database,
      'SELECT deadline_at FROM orders',
    )
    expect(deadline_at).toEqual(nine(150))
  })

  it('is planned by one of two schedulers and started by one, when they look at once', async () => {
    for (let n = 0; n < 40; n += 1) await scene.add()
    const kept = await Promise.all([scene.tick(nine()), scene.tick(nine()), scene.tick(nine())])
    // One may have looked before the others had planned.
    await scene.tick(nine(0.1))
    expect(kept.reduce((sum, { planned }) => sum + planned, 0)).toBe(40)
    expect(await scene.runs()).toEqual(Array(40).fill('0 started order_submitted'))
    expect(new Set(scene.woken).size).toBe(40)
    expect(scene.woken).toHaveLength(40)
    await expectOneOrderARun()
  })

  it('of every minute is started once by two schedulers that look at their own times', async () => {
    await scene.add({ schedule: EVERY_MINUTE, overlap: 'allow' }, nine())
    for (let minute = 1; minute <= 30; minute += 1) {
      const looks = [scene.tick(nine(minute)), scene.tick(nine(minute + 0.2))]
      await Promise.all(looks)
    }
    await scene.tick(nine(30.5))
    expect(await scene.runs()).toEqual(
      Array.from({ length: 30 }, (_, minute) => `${minute + 1} started order_submitted`),
    )
    await expectOneOrderARun()
  })

  it('whose reference is another order’s is skipped, and the order stands', async () => {
    const { planId } = await scene.add()
    const reference = `plan-${planId}-2026-02-25T09:00+07:00`
    const other = parseSubmission('sell', {
      partner: 'acme',
      reference,
      phone_number: WALLET,
      gold_weight: 1,
    })
    await scene.store.submit([{ orderId: '00000000-0000-7000-8000-000000000001', submission: other }])
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 skipped reference_taken'])
    expect(await scene.references()).toEqual([reference])
    expect(scene.woken).toEqual([])
  })

  it('whose very order is there already is its run all the same', async () => {
    const { planId } = await scene.add()
    const reference = `plan-${planId}-2026-02-25T09:00+07:00`
    const same = parseSubmission('buy', {
      partner: 'acme',
      reference,
      phone_number: WALLET,
      gold_weight: 0.5,
    })
    await scene.store.submit([{ orderId: '00000000-0000-7000-8000-000000000001', submission: same }])
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
    await expectOneOrderARun()
  })

  it('of an order that is not valid any more is skipped', async () => {
    const content = { gold_weight: '0.5000', no_such_field: 1 }
    await scene.add({ source: { is: 'order', kind: 'buy', phone_number: WALLET, content } })
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 skipped refused'])
    expect(await scene.references()).toEqual([])
  })

  it('is started though the queue is away', async () => {
    await scene.add()
    await scene.add()
    const tick = scene.tick.bind({
      get woken(): string[] {
        throw new Error('ECONNREFUSED')
      },
    })
    expect(await tick(nine())).toMatchObject({ started: 2 })
    expect(await scene.runs()).toEqual(Array(2).fill('0 started order_submitted'))
  })
})

describe('a crash', () => {
  it('between planning and starting leaves the run to whoever looks next', async () => {
    await scene.add()
    await planDueTimes(scene.database, { clock: async () => nine(), actor: 'scheduler:died', planId: null })
    expect(await scene.runs()).toEqual(['0 planned due'])
    expect(await scene.tick(nine(0.5))).toMatchObject({ planned: 0, started: 1 })
    await expectOneOrderARun()
  })

  it('between submitting the order and marking the run leaves neither, and both come next', async () => {
    const { planId } = await scene.add()
    await planDueTimes(scene.database, { clock: async () => nine(), actor: 'scheduler:died', planId: null })
    const dying = scene.session(async (session) => {
      const mortal = {
        ...session,
        run: <Row extends object>(...[statement, values]: Parameters<typeof session.run>) => {
          if (statement.name === 'start_plan_runs') throw new Error('died')
          return session.run<Row>(statement, values)
        },
      }
      const work = { clock: async () => nine(), actor: 'scheduler:died', newId: () => crypto.randomUUID() }
      return await workOnPlan(mortal, planId, work)
    })
    await expect(dying).rejects.toThrow('died')
    expect(await scene.references()).toEqual([])
    expect(await scene.runs()).toEqual(['0 planned due'])
    await scene.tick(nine(0.5))
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
    await expectOneOrderARun()
  })
})

describe('a scheduler that is frozen', () => {
  it('with a plan in its hand gives it up, and does no harm when it wakes', async () => {
    await scene.add()
    const freeze = frozen()
    let asked = 0
    const late = scene.tick(async () => {
      asked += 1
      // First to plan, twice; then to find plans; then with the plan locked.
      if (asked === 4) await freeze.stand()
      return nine()
    }, 150)
    const ended = late.then(
      () => 'went on',
      () => 'lost its connection',
    )
    await freeze.reached
    expect(await scene.runs()).toEqual(['0 planned due'])
    await eventually(async () => ((await scene.tick(nine(0.5))).started === 1 ? true : null))
    freeze.thaw()
    expect(await ended).toBe('lost its connection')
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
    await expectOneOrderARun()
  })

  it('between planning and starting looks at the clock again, and finds nothing left to do', async () => {
    await scene.add({ missed: 'skip' })
    await scene.add({ missed: 'skip' })
    const freeze = frozen()
    let asked = 0
    let clock = nine()
    const late = scene.tick(async () => {
      asked += 1
      if (asked === 3) await freeze.stand()
      return clock
    })
    await freeze.reached
    clock = nine(300)
    freeze.thaw()
    await late
    // Nobody else was there: what was on time when it froze is missed when it wakes.
    expect(await scene.runs()).toEqual(Array(2).fill('0 skipped missed'))
    expect(await scene.references()).toEqual([])
  })

  it('before it has planned does not plan again what others have', async () => {
    await scene.add({ schedule: EVERY_MINUTE, overlap: 'allow' }, nine())
    const freeze = frozen()
    let asked = 0
    const late = scene.tick(async () => {
      asked += 1
      if (asked === 1) await freeze.stand()
      return nine(2)
    })
    await freeze.reached
    for (const minute of [1, 2, 3, 4]) await scene.tick(nine(minute))
    freeze.thaw()
    await late
    expect(await scene.runs()).toEqual([1, 2, 3, 4].map((minute) => `${minute} started order_submitted`))
    await expectOneOrderARun()
  })

  it('between reading a plan and writing its due times does not undo what was done meanwhile', async () => {
    const { planId } = await scene.add(
      { schedule: EVERY_MINUTE, overlap: 'allow', missed: 'run_all' },
      nine(),
    )
    const freeze = frozen()
    const slow: StatementRunner = {
      async run(statement, values) {
        if (statement.name === 'plan_runs') await freeze.stand()
        return await scene.database.run(statement, values)
      },
    }
    const late = planDueTimes(slow, { clock: async () => nine(1), actor: 'scheduler:late', planId: null })
    await freeze.reached
    await scene.tick(nine(1))
    await scene.session((session) => pausePlan(session, planId, leadAt(nine(1.5))))
    await scene.session((session) => resumePlan(session, planId, leadAt(nine(4.5))))
    freeze.thaw()
    expect(await late).toBe(0)
    await scene.tick(nine(5))
    expect(await scene.runs()).toEqual([1, 5].map((minute) => `${minute} started order_submitted`))
  })
})

describe('a clock that jumps', () => {
  it('back and forth over a due time gives it one run and one order', async () => {
    await scene.add()
    for (const minutes of [-1, 0.2, -30, 0.1, 0, 59, -1, 0.3]) await scene.tick(nine(minutes))
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
    await expectOneOrderARun()
  })

  it('days ahead and back again starts none of those days twice', async () => {
    await scene.add({ missed: 'run_all', overlap: 'allow', maxAgeMinutes: 7 * 24 * 60 })
    await scene.tick(nine(0, 3))
    const ahead = await scene.runs()
    expect(ahead).toHaveLength(4)
    for (const day of [0, 1, 2, 3]) await scene.tick(nine(0.5, day))
    expect(await scene.runs()).toEqual(ahead)
    await scene.tick(nine(0, 4))
    expect(await scene.runs()).toHaveLength(5)
    await expectOneOrderARun()
  })

  it('back while a run is planned starts it once it is due again', async () => {
    await scene.add()
    await planDueTimes(scene.database, { clock: async () => nine(), actor: 'scheduler:test', planId: null })
    await scene.tick(nine(-60))
    expect(await scene.runs()).toEqual(['0 planned due'])
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
  })

  it('away from the scheduler’s own clock stops it until both agree', async () => {
    await scene.add()
    const warnings: string[] = []
    const told = (fields: object) => void warnings.push(String((fields as { err?: unknown }).err))
    let own = nine(-600)
    const scheduler = startPlanScheduler({
      ...{ databaseUrl: scene.databaseUrl, redisUrl: null, name: 'test', everyMs: 1 },
      log: { ...QUIET, warn: told },
      clock: async () => nine(),
      ownNow: () => own.getTime(),
    })
    await eventually(async () => (warnings.length > 1 ? true : null))
    expect(warnings[0]).toContain('36000 s apart')
    expect(await scene.runs()).toEqual([])
    own = nine(0.5)
    await eventually(async () => ((await scene.runs()).length > 0 ? true : null))
    await scheduler.stop()
    const queue = openQueue({ databaseUrl: scene.databaseUrl, redisUrl: null }, () => {})
    const { waiting, delayed } = await queue.getJobCounts().finally(() => queue.close())
    expect({ waiting, delayed }).toEqual({ waiting: 1, delayed: 0 })
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
  })
})

describe('due times that were missed', () => {
  const outage = (overrides: Parameters<PlanScene['add']>[0]) =>
    scene.add({ schedule: { is: 'cron', pattern: '*/10 * * * *' }, overlap: 'allow', ...overrides }, nine(1))

  it.each([
    ['skip', ['10 skipped missed', '20 skipped missed', '30 skipped missed']],
    [
      'run_once',
      ['10 skipped made_up_by_later', '20 skipped made_up_by_later', '30 started order_submitted'],
    ],
    ['run_all', ['10 started order_submitted', '20 started order_submitted', '30 started order_submitted']],
  ] as const)('by %s', async (missed, expected) => {
    await outage({ missed })
    await scene.tick(nine(35))
    expect(await scene.runs()).toEqual(expected)
    await expectOneOrderARun()
  })

  it.each(['run_once', 'run_all'] as const)('are too old beyond the maximum age: %s', async (missed) => {
    await outage({ missed, maxAgeMinutes: 12 })
    await scene.tick(nine(35))
    const runs = await scene.runs()
    expect(runs[0]).toBe('10 skipped too_old')
    expect(runs[2]).toBe('30 started order_submitted')
  })

  it('are all written and decided over as many rows as there are, one order made', async () => {
    await scene.add({ schedule: EVERY_MINUTE, missed: 'run_once', overlap: 'allow' }, nine())
    const kept = await scene.tick(nine(1_200.5))
    expect(kept).toMatchObject({ planned: 1_200, started: 1, skipped: 1_199 })
    expect((await scene.runs()).at(-1)).toBe('1200 started order_submitted')
  })
})

describe('a run that is due while the one before is under way', () => {
  const everyMinute = (overlap: 'skip' | 'wait' | 'allow', maxAgeMinutes = 60) =>
    scene.add({ schedule: EVERY_MINUTE, missed: 'skip', overlap, maxAgeMinutes }, nine())

  it('is left out by skip; the next after its end runs', async () => {
    await everyMinute('skip')
    await scene.tick(nine(1))
    await scene.tick(nine(2))
    await scene.endOrders()
    await scene.tick(nine(3))
    expect(await scene.runs()).toEqual([
      ...['1 finished order_ended', '2 skipped overlap', '3 started order_submitted'],
    ])
  })

  it('waits by wait, is not missed by that, and starts one at a time', async () => {
    await everyMinute('wait')
    for (const minute of [1, 2, 3]) await scene.tick(nine(minute))
    expect(await scene.runs()).toEqual(['1 started order_submitted', '2 planned due', '3 planned due'])
    await scene.endOrders()
    for (const seconds of [40, 41]) await scene.tick(nine(3 + seconds / 60))
    expect(await scene.runs()).toEqual([
      ...['1 finished order_ended', '2 started order_submitted', '3 planned due'],
    ])
    await scene.endOrders()
    await scene.tick(nine(3 + 50 / 60))
    expect((await scene.runs())[2]).toBe('3 started order_submitted')
    await expectOneOrderARun()
  })

  it('waits no longer than the maximum age', async () => {
    await everyMinute('wait', 5)
    await scene.tick(nine(1))
    await scene.tick(nine(2))
    await scene.tick(nine(7.5))
    expect((await scene.runs())[1]).toBe('2 skipped too_old')
  })

  it('is started beside it by allow', async () => {
    await everyMinute('allow')
    for (const minute of [1, 2, 3]) await scene.tick(nine(minute))
    expect(await scene.runs()).toEqual([1, 2, 3].map((minute) => `${minute} started order_submitted`))
  })

  it('runs when the order before it is in doubt: that one waits for evidence', async () => {
    await everyMinute('skip')
    await scene.tick(nine(1))
    const { id } = await oneRow<{ id: string }>(scene.database, 'SELECT id FROM orders')
    const quote = { quoteId: '1', goldWeight: 5_000, amount: 441_000, fee: 5_000 }
    const intents = [{ orderId: id, intentId: crypto.randomUUID(), quote: quote as never }]
    await scene.store.commitIntents(intents, 'worker:test')
    await scene.sweeps.doubtOverdueIntents(-1, 'sweeper:test', 10)
    await scene.tick(nine(2))
    expect(await scene.runs()).toEqual(['1 finished order_in_doubt', '2 started order_submitted'])
  })
})

describe('a plan', () => {
  it('of a count has so many due times and ends', async () => {
    const { planId } = await scene.add({ schedule: EVERY_MINUTE, maxCount: 2, overlap: 'allow' }, nine())
    for (const minute of [1, 2, 3, 4]) await scene.tick(nine(minute))
    expect(await scene.runs()).toEqual(['1 started order_submitted', '2 started order_submitted'])
    const { state } = await oneRow<{ state: string }>(
      scene.database,
      'SELECT state FROM plans WHERE id = $1',
      [planId],
    )
    expect(state).toBe('ended')
  })

  it('lives until its last run has been started', async () => {
    await scene.add({ schedule: EVERY_MINUTE, maxCount: 2, overlap: 'wait' }, nine())
    for (const minute of [1, 2, 3]) await scene.tick(nine(minute))
    const { state } = await oneRow<{ state: string }>(scene.database, 'SELECT state FROM plans')
    expect(state).toBe('active')
    await scene.endOrders()
    await scene.tick(nine(4))
    expect(await scene.runs()).toEqual(['1 finished order_ended', '2 started order_submitted'])
    expect(await oneRow(scene.database, 'SELECT state FROM plans')).toEqual({ state: 'ended' })
  })

  it('that is paused has no due times, and keeps those it had before for when it is resumed', async () => {
    const { planId } = await scene.add(
      { schedule: EVERY_MINUTE, overlap: 'allow', missed: 'run_all' },
      nine(),
    )
    await scene.tick(nine(1))
    // The scheduler was down when the second was due.
    await scene.session((session) => pausePlan(session, planId, leadAt(nine(2.5))))
    await scene.tick(nine(5))
    expect(await scene.runs()).toEqual(['1 started order_submitted', '2 planned due'])
    await scene.session((session) => resumePlan(session, planId, leadAt(nine(7.5))))
    await scene.tick(nine(8))
    expect(await scene.runs()).toEqual([1, 2, 8].map((minute) => `${minute} started order_submitted`))
  })

  it('resumed without any scheduler still has a run for what was due before the pause', async () => {
    const { planId } = await scene.add({ schedule: EVERY_MINUTE, missed: 'skip' }, nine())
    await scene.session((session) => pausePlan(session, planId, leadAt(nine(2.5))))
    await scene.session((session) => resumePlan(session, planId, leadAt(nine(9.5))))
    await scene.tick(nine(10))
    expect(await scene.runs()).toEqual([
      ...['1 skipped missed', '2 skipped missed', '10 started order_submitted'],
    ])
  })

  it('that is removed skips what it had planned, and starts nothing more', async () => {
    const { planId } = await scene.add({ schedule: EVERY_MINUTE, overlap: 'wait' }, nine())
    await scene.tick(nine(1))
    await scene.tick(nine(2))
    await scene.session((session) => removePlan(session, planId, leadAt(nine(2.5))))
    await scene.endOrders()
    await scene.tick(nine(3))
    expect(await scene.runs()).toEqual(['1 finished order_ended', '2 skipped plan_removed'])
  })

  it('removed while a scheduler starts its run has the run or has not, never an order without one', async () => {
    for (let n = 0; n < 15; n += 1) await scene.add()
    const ids = await scene.run<{ id: number }>('SELECT id FROM plans ORDER BY id')
    const removals = scene.session(async (session) => {
      for (const { id } of ids.reverse()) await removePlan(session, id, leadAt(nine()))
    })
    await Promise.all([scene.tick(nine()), removals])
    const runs = await scene.runs()
    for (const run of runs) expect(run).toMatch(/started order_submitted|skipped plan_removed/)
    await expectOneOrderARun()
  })

  it('runs now when asked, beside its schedule and not counted by it', async () => {
    const { planId } = await scene.add({ maxCount: 1 })
    const asked = await scene.session((session) => runPlanNow(session, planId, leadAt(nine(-30))))
    expect(asked).toMatchObject({ is: 'done' })
    await scene.tick(nine(-20))
    await scene.endOrders()
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['-30 finished order_ended', '0 started order_submitted'])
    await expectOneOrderARun()
  })

  it('asked to run while a run is under way obeys its overlap policy', async () => {
    const { planId } = await scene.add({ overlap: 'skip' })
    await scene.tick(nine())
    await scene.session((session) => runPlanNow(session, planId, leadAt(nine(2))))
    await scene.tick(nine(2))
    expect(await scene.runs()).toEqual(['0 started order_submitted', '2 skipped overlap'])
  })
})

describe('the database’s clock', () => {
  it('is what schedulers go by when none is given', async () => {
    const scheduler = startPlanScheduler({
      ...{ databaseUrl: scene.databaseUrl, redisUrl: null, name: 'test', log: QUIET, everyMs: 1 },
    })
    const { planId } = await scene.add({}, NINE)
    const lead = {
      ...{ who: 'person' as const, by: 'ani' },
      note: null,
      clock: async (runner: StatementRunner) => (await clockOf(runner)).now,
    }
    await scene.session((session) => runPlanNow(session, planId, lead))
    await eventually(async () => ((await scene.references()).length === 1 ? true : null))
    await scheduler.stop()
  })
})

async function clockOf(runner: StatementRunner): Promise<{ now: Date }> {
  const [row] = await runner.run<{ now: Date }>(
    unnamed(`SELECT date_trunc('milliseconds', now()) AS now`),
    [],
  )
  if (row === undefined) throw new Error('no clock')
  return row
}
