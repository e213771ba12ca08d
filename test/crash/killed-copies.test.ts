import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { buysFile } from '../support/scenes/batch-scene.ts'
import { EVERY_MINUTE, openPlanScene, type PlanScene } from '../support/scenes/plan-scene.ts'
import { type RunningCommand, startCommand } from '../support/servers/command.ts'

/** More: `npm run proof:seeds`. */
const PLANS = 4 * Number(process.env.PROOF_SCALE ?? 1)
const ROWS = 10
const DUE_TIMES = 4
const COPIES = PLANS * DUE_TIMES

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

/** A plan of a batch of its own that was due every minute of the last few. */
async function addLatePlan(now: Date): Promise<void> {
  const terms = { schedule: EVERY_MINUTE, missed: 'run_all', overlap: 'allow', maxCount: DUE_TIMES } as const
  const startsAt = new Date(now.getTime() - 3_600_000)
  await scene.addBatch(await scene.batch(buysFile(ROWS)), { ...terms, startsAt }, now)
}

async function count(what: string): Promise<number> {
  const [row] = await scene.run<{ count: number }>(`SELECT count(*)::int AS count FROM ${what}`)
  return row?.count ?? 0
}

describe('schedulers that are killed and frozen at random while a plan of a batch comes due again and again', () => {
  it('make one copy of each due time and one order of each of its rows', async () => {
    const now = new Date()
    for (let n = 0; n < PLANS; n += 1) await addLatePlan(now)
    await scene.run(`UPDATE plans SET next_due_at = date_trunc('minute', now()) - $1 * interval '1 minute'`, [
      DUE_TIMES - 1,
    ])
    const frozen = start()
    let victim = start()
    for (const share of [0.1, 0.3, 0.5, 0.7]) {
      await eventually(async () =>
        (await count(`plan_runs WHERE state = 'started'`)) >= share * COPIES ? true : null,
      )
      await wait(Math.random() * 150)
      victim.child.kill('SIGKILL')
      if (share === 0.3) frozen.child.kill('SIGSTOP')
      victim = start()
    }
    const isFed = async () => (await count('orders')) >= COPIES * ROWS && (await count(UNFED)) === 0
    await eventually(async () => ((await isFed()) ? true : null))
    frozen.child.kill('SIGCONT')
    await frozen.printed('scheduler started')
    frozen.child.kill('SIGTERM')
    expect((await frozen.ended).code).toBe(0)
    const counts = {
      runs: await count('plan_runs'),
      copies: await count('batches WHERE copied_from IS NOT NULL'),
      pairs: await count(`plan_runs r JOIN batches c ON c.id = r.batch_id
        JOIN plans p ON p.id = r.plan_id AND p.batch_id = c.copied_from WHERE r.state = 'started'`),
      rows: await count('batch_rows r JOIN batches c ON c.id = r.batch_id AND c.copied_from IS NOT NULL'),
      orders: await count('orders'),
      rowsWithTheirOrder: await count(
        'batch_rows r JOIN orders o ON o.id = r.order_id AND (o.partner, o.reference) = (r.partner, r.reference)',
      ),
    }
    const rows = COPIES * ROWS
    expect(counts).toEqual({
      ...{ runs: COPIES, copies: COPIES, pairs: COPIES },
      ...{ rows, orders: rows, rowsWithTheirOrder: rows },
    })
  })
})

const UNFED = `batch_rows r JOIN batches c ON c.id = r.batch_id
  WHERE c.copied_from IS NOT NULL AND r.state NOT IN ('queued', 'ended')`
