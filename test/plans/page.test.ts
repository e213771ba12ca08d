import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SKIP_REASONS } from '../../src/plans/lifecycle.ts'
import { readText, tableRows } from '../ground/tables.ts'
import { oneRow } from '../support/factories/stored-orders.ts'
import { nine, openPlanScene, type PlanScene } from '../support/scenes/plan-scene.ts'

let scene: PlanScene
beforeAll(async () => {
  scene = await openPlanScene()
})
afterAll(async () => {
  await scene?.close()
})

const page = readText('docs/plans.md')

describe('docs/plans.md', () => {
  it('has every reason to skip with its meaning', () => {
    expect(tableRows(page, 'What happens at a due time')).toEqual(Object.entries(SKIP_REASONS))
  })

  it('has every view with its columns, in their order', async () => {
    const rows = tableRows(page, 'Views')
    expect(rows.map(([view]) => view)).toEqual(['ops.plans', 'ops.plan_runs', 'ops.prices'])
    for (const [view = '', , columns] of rows) {
      const found = await scene.run<{ name: string }>(
        `SELECT column_name AS name FROM information_schema.columns
         WHERE table_schema = 'ops' AND table_name = $1 ORDER BY ordinal_position`,
        [view.slice(4)],
      )
      expect(found.map(({ name }) => name).join(', ')).toBe(columns)
    }
  })
})

describe('the views', () => {
  it('count what became of due times, and name the order of a run', async () => {
    const plan = await scene.add({ overlap: 'skip' })
    await scene.tick(nine())
    await scene.tick(nine(0, 1))
    const told = await oneRow(
      scene.database,
      `SELECT name, kind, state, next_due_at, planned, started, finished, skipped FROM ops.plans WHERE plan_id = $1`,
      [plan.planId],
    )
    expect(told).toEqual({
      ...{ name: plan.name, kind: 'buy', state: 'active', next_due_at: nine(0, 2) },
      ...{ planned: 0, started: 1, finished: 0, skipped: 1 },
    })
    const runs = await scene.run(
      'SELECT plan, state, reason, order_state FROM ops.plan_runs WHERE plan_id = $1 ORDER BY due_at',
      [plan.planId],
    )
    expect(runs).toEqual([
      { plan: plan.name, state: 'started', reason: 'order_submitted', order_state: 'accepted' },
      { plan: plan.name, state: 'skipped', reason: 'overlap', order_state: null },
    ])
  })

  it('show no due time of a plan that is over', async () => {
    const plan = await scene.add()
    await scene.run(`UPDATE plans SET state = 'removed', reason = 'removed_by_person' WHERE id = $1`, [
      plan.planId,
    ])
    expect(
      await oneRow(scene.database, 'SELECT next_due_at FROM ops.plans WHERE plan_id = $1', [plan.planId]),
    ).toEqual({ next_due_at: null })
  })
})
