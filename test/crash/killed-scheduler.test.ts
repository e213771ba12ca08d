import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { EVERY_MINUTE, openPlanScene, type PlanScene } from '../support/scenes/plan-scene.ts'
import { type RunningCommand, startCommand } from '../support/servers/command.ts'

/** More: `npm run proof:seeds`. */
const PLANS = 60 * Number(process.env.PROOF_SCALE ?? 1)
const DUE_TIMES = 10

let scene: PlanScene
const schedulers: RunningCommand[] = []
beforeAll(async () => {
  scene = await openPlanScene()
})
afterAll(async () => {
  for (const { child } of schedulers) child.kill('SIGKILL')
  await scene?.close()
})

function start(): RunningCommand {
  const scheduler = startCommand(['scheduler'], { env: { DATABASE_URL: scene.databaseUrl } })
  schedulers.push(scheduler)
  return scheduler
}

const startedRuns = async () =>
  (
    await scene.run<{ count: number }>(`SELECT count(*)::int AS count FROM plan_runs WHERE state = 'started'`)
  )[0]?.count ?? 0

describe('schedulers that are killed and frozen while they start runs', () => {
  it('make one order of each due time, and no other', async () => {
    const now = new Date()
    const terms = {
      schedule: EVERY_MINUTE,
      missed: 'run_all',
      overlap: 'allow',
      maxCount: DUE_TIMES,
    } as const
    for (let n = 0; n < PLANS; n += 1)
      await scene.add({ ...terms, startsAt: new Date(now.getTime() - 3_600_000) }, now)
    await scene.run(`UPDATE plans SET next_due_at = date_trunc('minute', now()) - $1 * interval '1 minute'`, [
      DUE_TIMES - 1,
    ])
    const frozen = start()
    let victim = start()
    for (const share of [0.1, 0.3, 0.5, 0.7]) {
      await eventually(async () => ((await startedRuns()) > share * PLANS * DUE_TIMES ? true : null))
      victim.child.kill('SIGKILL')
      if (share === 0.1) frozen.child.kill('SIGSTOP')
      victim = start()
    }
    const allEnded = async () => (await scene.run(`SELECT 1 FROM plans WHERE state <> 'ended'`)).length === 0
    await eventually(async () => ((await allEnded()) ? true : null))
    frozen.child.kill('SIGCONT')
    await frozen.printed('scheduler started')
    frozen.child.kill('SIGTERM')
    expect((await frozen.ended).code).toBe(0)
    const [counts] = await scene.run(`
      SELECT (SELECT count(*)::int FROM plan_runs WHERE state = 'started') AS started,
        (SELECT count(*)::int FROM plan_runs) AS runs, (SELECT count(*)::int FROM orders) AS orders,
        (SELECT count(*)::int FROM plan_runs r JOIN orders o ON o.id = r.order_id AND o.reference = r.reference) AS pairs`)
    const all = PLANS * DUE_TIMES
    expect(counts).toEqual({ started: all, runs: all, orders: all, pairs: all })
  })
})
