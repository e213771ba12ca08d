import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPlan, pausePlan, removePlan, resumePlan } from '../../src/plans/commands.ts'
import {
  FINAL_PLAN_STATES,
  PLAN_STATES,
  PLAN_TRANSITIONS,
  type PlanTransition,
  RUN_STATES,
  RUN_TRANSITIONS,
} from '../../src/plans/lifecycle.ts'
import type { Plan } from '../../src/plans/plan.ts'
import { runPlanNow } from '../../src/plans/run-now.ts'
import { constraintOf } from '../support/constraint.ts'
import { KTP, postalAddress, WALLET } from '../support/factories/job-data.ts'
import { anAccepted, oneRow } from '../support/factories/stored-orders.ts'
import { leadAt, nine, openPlanScene, type PlanScene, planTerms } from '../support/scenes/plan-scene.ts'

let scene: PlanScene
beforeAll(async () => {
  scene = await openPlanScene()
})
afterAll(async () => {
  await scene?.close()
})

const at = leadAt(nine(-1))
const lead = {
  pause: (planId: number) => scene.session((session) => pausePlan(session, planId, at)),
  resume: (planId: number) => scene.session((session) => resumePlan(session, planId, at)),
  remove: (planId: number) => scene.session((session) => removePlan(session, planId, at)),
  'run-now': (planId: number) => scene.session((session) => runPlanNow(session, planId, at)),
}

/** Brings a plan to a state by legal moves only. */
async function aPlanIn(
  state: (typeof PLAN_STATES)[number],
  terms: Parameters<PlanScene['add']>[0] = {},
): Promise<Plan> {
  switch (state) {
    case 'active':
      return await scene.add(terms)
    case 'paused': {
      const plan = await scene.add(terms)
      await lead.pause(plan.planId)
      return plan
    }
    case 'removed': {
      const plan = await scene.add(terms)
      await lead.remove(plan.planId)
      return plan
    }
    case 'ended': {
      const plan = await scene.add({ ...terms, endsAt: nine(1) })
      await scene.run(`UPDATE plans SET next_due_at = NULL WHERE id = $1`, [plan.planId])
      await scene.tick(nine(-1))
      return plan
    }
  }
}

/** A run of a new plan, brought to a state by legal moves only. */
async function aRunIn(state: (typeof RUN_STATES)[number]): Promise<number> {
  const { planId } = await scene.add({ schedule: { is: 'cron', pattern: '0 0 1 1 *' } })
  await lead['run-now'](planId)
  const set = (change: string, values: readonly unknown[] = []) =>
    scene.run(`UPDATE plan_runs SET ${change} WHERE plan_id = $1`, [planId, ...values])
  if (state === 'skipped') await set(`state = 'skipped', reason = 'missed'`)
  if (state === 'started' || state === 'finished')
    await set(`state = 'started', reason = 'order_submitted', order_id = $2`, [await anAccepted(scene)])
  if (state === 'finished') await set(`state = 'finished', reason = 'order_ended'`)
  return planId
}

describe('the transition table', () => {
  it('holds the same moves as the code', async () => {
    const rowsOf = (subject: string, transitions: Record<string, PlanTransition<string>>) =>
      Object.values(transitions).flatMap(({ from, to, reasons }) =>
        reasons.map((reason) => `${subject}:${from ?? ''}>${to}:${reason}`),
      )
    const inCode = [...rowsOf('plan', PLAN_TRANSITIONS), ...rowsOf('run', RUN_TRANSITIONS)].sort()
    const rows = await scene.run<{ row: string }>(
      `SELECT subject || ':' || from_state || '>' || to_state || ':' || reason AS row FROM plan_transitions`,
    )
    expect(rows.map(({ row }) => row).sort()).toEqual(inCode)
  })
})

function illegalMoves<State extends string>(
  states: readonly State[],
  transitions: Record<string, PlanTransition<string>>,
) {
  const legal = new Set(Object.values(transitions).map(({ from, to }) => `${from}>${to}`))
  return states
    .flatMap((from) => states.map((to) => ({ from, to })))
    .filter(({ from, to }) => from !== to && !legal.has(`${from}>${to}`))
}

const everyReason = (transitions: Record<string, PlanTransition<string>>) => [
  ...Object.values(transitions).flatMap(({ reasons }) => reasons),
  'anything',
]

describe('Postgres', () => {
  it.each(illegalMoves(PLAN_STATES, PLAN_TRANSITIONS))(
    'refuses a plan $from → $to whatever the reason',
    async ({ from, to }) => {
      const { planId } = await aPlanIn(from)
      for (const reason of everyReason(PLAN_TRANSITIONS)) {
        const change = `UPDATE plans SET state = $2, reason = $3, paused_at = now() WHERE id = $1`
        expect(await constraintOf(scene.run(change, [planId, to, reason]))).toBe('plan_transition')
      }
    },
  )

  it.each(illegalMoves(RUN_STATES, RUN_TRANSITIONS))(
    'refuses a run $from → $to whatever the reason',
    async ({ from, to }) => {
      const planId = await aRunIn(from)
      for (const reason of everyReason(RUN_TRANSITIONS))
        expect(
          await constraintOf(
            scene.run('UPDATE plan_runs SET state = $2, reason = $3 WHERE plan_id = $1', [
              planId,
              to,
              reason,
            ]),
          ),
        ).toBe('run_transition')
    },
  )

  it('refuses a legal move with a reason that is not its own', async () => {
    const { planId } = await aPlanIn('active')
    const pause = scene.run(
      `UPDATE plans SET state = 'paused', reason = 'added', paused_at = now() WHERE id = $1`,
      [planId],
    )
    expect(await constraintOf(pause)).toBe('plan_transition')
    const runOf = await aRunIn('planned')
    const skip = scene.run(`UPDATE plan_runs SET state = 'skipped', reason = 'due' WHERE plan_id = $1`, [
      runOf,
    ])
    expect(await constraintOf(skip)).toBe('run_transition')
  })

  it.each([
    ['name', `'other'`],
    ['owner', `'other'`],
    ['partner', `'other'`],
    ['source', `'{"is":"order"}'`],
    ['schedule', `'{}'`],
    ['time_zone', `'UTC'`],
    ['missed', `'skip'`],
    ['overlap', `'allow'`],
    ['max_count', '1'],
    ['starts_at', 'now()'],
    ['created_by', `'other'`],
  ])('never changes the %s of a plan', async (column, value) => {
    const { planId } = await aPlanIn('active')
    expect(
      await constraintOf(scene.run(`UPDATE plans SET ${column} = ${value} WHERE id = $1`, [planId])),
    ).toBe('plan_identity')
  })

  it.each(FINAL_PLAN_STATES)('lets nothing about a plan that is %s change', async (state) => {
    const { planId } = await aPlanIn(state)
    for (const change of ['next_due_at = now()', 'due_count = 7', `reason = 'added'`, `note = 'x'`])
      expect(await constraintOf(scene.run(`UPDATE plans SET ${change} WHERE id = $1`, [planId]))).toBe(
        'plan_transition',
      )
  })

  it.each([
    ['due_at', 'now()', 'run_identity'],
    ['reference', `'other'`, 'run_identity'],
    ['actor', `'other'`, 'run_transition'],
    ['reason', `'due'`, 'run_transition'],
  ])('never changes the %s of a run', async (column, value, constraint) => {
    const planId = await aRunIn('planned')
    const refused = scene.run(`UPDATE plan_runs SET ${column} = ${value} WHERE plan_id = $1`, [planId])
    expect(await constraintOf(refused)).toBe(constraint)
  })

  it('starts no run of a plan that is paused, and none without its order', async () => {
    const planId = await aRunIn('planned')
    const start = `UPDATE plan_runs SET state = 'started', reason = 'order_submitted', order_id = $2 WHERE plan_id = $1`
    expect(await constraintOf(scene.run(start, [planId, null]))).toBe('plan_runs_order')
    await lead.pause(planId)
    expect(await constraintOf(scene.run(start, [planId, await anAccepted(scene)]))).toBe('run_of_active_plan')
  })

  it('has one run a due time, and one run an order', async () => {
    const planId = await aRunIn('started')
    const again = `INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor)
      SELECT plan_id, due_at, 'x', 'planned', 'due', 'x' FROM plan_runs WHERE plan_id = $1`
    expect(await constraintOf(scene.run(again, [planId]))).toBe('plan_runs_plan_id_due_at_pk')
    const other = await aRunIn('planned')
    const steal = `UPDATE plan_runs SET state = 'started', reason = 'order_submitted',
      order_id = (SELECT order_id FROM plan_runs WHERE plan_id = $2) WHERE plan_id = $1`
    expect(await constraintOf(scene.run(steal, [other, planId]))).toBe('plan_runs_order_id')
  })

  it.each(['plans', 'plan_runs', 'plan_events'])('never deletes from %s', async (table) => {
    await aRunIn('started')
    expect(await constraintOf(scene.run(`DELETE FROM ${table}`))).toBe('append_only')
    expect(await constraintOf(scene.run(`TRUNCATE ${table} CASCADE`))).toBe('append_only')
  })

  it('never rewrites an event', async () => {
    expect(await constraintOf(scene.run(`UPDATE plan_events SET reason = 'x'`))).toBe('append_only')
  })

  it('writes one event a move, of the plan and of its runs', async () => {
    const planId = await aRunIn('finished')
    await lead.pause(planId)
    const events = await scene.run<{ event: string }>(
      `SELECT concat_ws(' ', CASE WHEN due_at IS NULL THEN 'plan' ELSE 'run' END, from_state, to_state, reason) AS event
       FROM plan_events WHERE plan_id = $1 ORDER BY id`,
      [planId],
    )
    expect(events.map(({ event }) => event)).toEqual([
      'plan active added',
      'run planned asked_by_person',
      'run planned started order_submitted',
      'run started finished order_ended',
      'plan active paused paused_by_person',
    ])
  })
})

describe('a person', () => {
  const allowed = {
    pause: ['active'],
    resume: ['paused'],
    remove: ['active', 'paused'],
    'run-now': ['active'],
  }
  const wishes = Object.entries(allowed).flatMap(([wish, states]) =>
    PLAN_STATES.map((state) => ({ wish: wish as keyof typeof lead, state, isDone: states.includes(state) })),
  )

  it.each(wishes)('asks for $wish of a plan that is $state: $isDone', async ({ wish, state, isDone }) => {
    const plan = await aPlanIn(state)
    const answer = await lead[wish](plan.planId)
    if (isDone) expect(answer).toMatchObject({ is: 'done', plan: { planId: plan.planId } })
    else
      expect(answer).toEqual({
        is: 'refused',
        why: 'wrong_state',
        message: expect.stringContaining(`plan ${plan.name} is ${state}: `),
      })
  })

  it('is told that there is no such plan', async () => {
    for (const wish of Object.values(lead))
      expect(await wish(999_999)).toEqual({
        is: 'refused',
        why: 'unknown',
        message: 'there is no plan 999999',
      })
  })

  it('gives a name once while its plan lives, and again after', async () => {
    const plan = await scene.add()
    const terms = planTerms({ name: plan.name })
    expect(await addPlan(scene.database, terms, at)).toMatchObject({ is: 'refused' })
    await lead.remove(plan.planId)
    expect(await addPlan(scene.database, terms, at)).toMatchObject({ is: 'done' })
  })

  it.each([
    ['ends before it starts', { startsAt: nine(0, 2), endsAt: nine(0, 1) }],
    ['ends before it is due', { endsAt: nine(-1) }],
    ['has a day that never comes', { schedule: { is: 'cron', pattern: '0 9 30 2 *' } as const }],
  ])('adds no plan that %s', async (_what, terms) => {
    expect(await addPlan(scene.database, planTerms(terms), at)).toEqual({
      is: 'refused',
      why: 'never_due',
      message: expect.stringContaining('never be due'),
    })
  })
})

describe('a plan of withdrawals', () => {
  const content = { gold_weight: '2.0000', ktp: KTP, address: postalAddress() }
  const source = { is: 'order', kind: 'withdraw', phone_number: WALLET, content } as const

  it.each(PLAN_STATES)('that is %s has KTP number and address as long as it lives', async (state) => {
    const { planId } = await aPlanIn(state, { source })
    const row = await oneRow<{ fields: string[] }>(
      scene.database,
      `SELECT ARRAY(SELECT jsonb_object_keys(source -> 'content') ORDER BY 1) AS fields FROM plans WHERE id = $1`,
      [planId],
    )
    const isOver = state === 'removed' || state === 'ended'
    expect(row.fields).toEqual(isOver ? ['gold_weight'] : ['address', 'gold_weight', 'ktp'])
  })
})
