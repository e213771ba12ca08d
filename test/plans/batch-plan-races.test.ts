import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cancelBatch, runBatch } from '../../src/batches/commands.ts'
import { startBatchFeeder } from '../../src/processes/scheduler/batch-feeder.ts'
import { startPlanScheduler } from '../../src/processes/scheduler/plan-scheduler.ts'
import { openQueue } from '../../src/queue/backend.ts'
import { eventually } from '../support/eventually.ts'
import { ANI, FAST } from '../support/scenes/batch-scene.ts'
import { EVERY_MINUTE, nine, openPlanScene, type PlanScene, QUIET } from '../support/scenes/plan-scene.ts'
import { startOwnRedis, testRedis } from '../support/servers/redis.ts'

let scene: PlanScene
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene.close()
})

const together = <Run, Plan>(run: () => Promise<Run>, plan: () => Promise<Plan>): Promise<[Run, Plan]> =>
  Promise.all([run(), plan()])

describe('a batch that is run and planned at once', () => {
  it('is the person’s or the plan’s, and the other is told so in a sentence', async () => {
    const winners = new Set<string>()
    const race = async (asked: typeof together) => {
      const batchId = await scene.batch()
      const [run, plan] = await asked(
        () => scene.session((session) => runBatch(session, batchId, FAST, ANI)),
        () => scene.planBatch(batchId),
      )
      winners.add(run.is === 'done' ? 'person' : 'plan')
      if (run.is === 'done')
        expect(plan).toEqual({
          is: 'refused',
          why: 'batch_unfit',
          message: `a plan takes only an approved batch; batch ${batchId} is running (run_by_person)`,
        })
      else {
        expect(run.message).toMatch(
          new RegExp(`^batch ${batchId} belongs to plan plan-\\d+ and cannot be run on its own`),
        )
        expect(plan).toMatchObject({ is: 'done', plan: { source: { batch_id: batchId } } })
      }
      const [row] = await scene.run<{ state: string }>('SELECT state FROM batches WHERE id = $1', [batchId])
      expect(row?.state).toBe(run.is === 'done' ? 'running' : 'approved')
    }
    for (let n = 0; n < 6; n += 1) await race(together)
    // Chance alone may let the same one win each time.
    await race(async (run, plan) => [await run(), await plan()])
    await race(async (run, plan) => {
      const planned = await plan()
      return [await run(), planned]
    })
    expect([...winners].sort()).toEqual(['person', 'plan'])
  })

  it('is one plan’s when two take it at once', async () => {
    for (let n = 0; n < 4; n += 1) {
      const batchId = await scene.batch()
      const answers = await Promise.all([scene.planBatch(batchId), scene.planBatch(batchId)])
      const refused = answers.flatMap((answer) => (answer.is === 'refused' ? [answer.message] : []))
      expect(refused).toEqual([
        expect.stringMatching(new RegExp(`^batch ${batchId} is that of plan plan-\\d+ already`)),
      ])
    }
  })
})

describe('runs of a batch that wait for the one before', () => {
  it('start one after the other as each before them ends, and are not missed by that', async () => {
    const terms = {
      schedule: EVERY_MINUTE,
      overlap: 'wait',
      missed: 'skip',
      startsAt: nine(1),
      maxCount: 3,
    } as const
    await scene.addBatch(await scene.batch(), terms)
    for (const minute of [1, 2, 3]) await scene.tick(nine(minute))
    const started = 'started batch_started'
    expect(await scene.runs()).toEqual([`1 ${started}`, '2 planned due', '3 planned due'])
    const endRunning = async () => {
      const [copy] = await scene.run<{ id: number }>(`SELECT id FROM batches WHERE state = 'running'`)
      await scene.session((session) => cancelBatch(session, copy?.id ?? 0, ANI))
    }
    const finished = 'finished batch_cancelled'
    await endRunning()
    await scene.tick(nine(10))
    expect(await scene.runs()).toEqual([`1 ${finished}`, `2 ${started}`, '3 planned due'])
    await scene.tick(nine(11))
    expect(await scene.runs()).toEqual([`1 ${finished}`, `2 ${started}`, '3 planned due'])
    await endRunning()
    await scene.tick(nine(20))
    await endRunning()
    await scene.tick(nine(30))
    expect(await scene.runs()).toEqual([`1 ${finished}`, `2 ${finished}`, `3 ${finished}`])
    expect(await scene.run('SELECT state FROM plans')).toEqual([{ state: 'ended' }])
  })

  it('are given up at the maximum age', async () => {
    const terms = { schedule: EVERY_MINUTE, overlap: 'wait', startsAt: nine(1), maxCount: 2 } as const
    await scene.addBatch(await scene.batch(), { ...terms, maxAgeMinutes: 10 })
    for (const minute of [1, 2, 13]) await scene.tick(nine(minute))
    expect(await scene.runs()).toEqual(['1 started batch_started', '2 skipped too_old'])
  })
})

describe('plans with the queue in redis', () => {
  const redis = testRedis()
  if ('skip' in redis) {
    it.skip(`are not tried: ${redis.skip}`)
    return
  }

  it('put the orders of their runs, and of their batches, into it and not into Postgres', async () => {
    const server = await startOwnRedis()
    const place = { databaseUrl: scene.databaseUrl, redisUrl: server.url }
    const queue = openQueue(place, () => {})
    const parts = { ...place, name: 'test', log: QUIET, everyMs: 20 }
    await scene.add()
    await scene.addBatch(await scene.batch())
    const clock = async () => nine()
    const scheduler = startPlanScheduler({ ...parts, clock, ownNow: () => nine().getTime() })
    const feeder = startBatchFeeder(parts)
    try {
      await eventually(async () => {
        const counts = await queue.getJobCounts()
        return counts.waiting === 1 && counts.prioritized === 3 ? true : null
      })
      const orders = await scene.references()
      expect(orders).toHaveLength(4)
      expect(await scene.run(`SELECT count(*)::int AS jobs FROM bullmq.job`)).toEqual([{ jobs: 0 }])
    } finally {
      await Promise.all([scheduler.stop(), feeder.stop(), queue.close()])
      await server.stop()
    }
  })
})
