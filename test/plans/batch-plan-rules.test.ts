import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cancelBatch, runBatch } from '../../src/batches/commands.ts'
import { pausePlan } from '../../src/plans/commands.ts'
import { runPlanNow } from '../../src/plans/run-now.ts'
import { constraintOf } from '../support/constraint.ts'
import { anAccepted } from '../support/factories/stored-orders.ts'
import { ANI, buysFile, FAST } from '../support/scenes/batch-scene.ts'
import { leadAt, nine, openPlanScene, type PlanScene } from '../support/scenes/plan-scene.ts'
import { unnamed } from '../support/unnamed.ts'

let scene: PlanScene
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene.close()
})

const aBatch = (state: 'checked' | 'approved' = 'approved') => scene.batch(buysFile(2), state)
const aPlan = (batchId: number) => scene.addBatch(batchId)

/** A draft of a copy, with the rows of its model. */
async function aDraft(modelId: number): Promise<number> {
  const [draft] = await scene.run<{ id: number }>(
    `INSERT INTO batches (file_name, copied_from, state, reason, actor, created_by)
     VALUES ('pay.csv', $1, 'draft', 'created', 'x', 'ani') RETURNING id`,
    [modelId],
  )
  if (draft === undefined) throw new Error('no draft')
  await scene.run(
    `INSERT INTO batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash)
     SELECT $2, row_number, line_number, partner, reference || '@x', kind, phone_number, content, content_hash
     FROM batch_rows WHERE batch_id = $1`,
    [modelId, draft.id],
  )
  return draft.id
}

const seal = (copyId: number) =>
  scene.run(
    `UPDATE batches SET state = 'checked', reason = 'every_row_is_good', file_hash = 'x', content_hash = 'x',
       page_hashes = '{x}', row_count = 2 WHERE id = $1`,
    [copyId],
  )

/** Approves a copy, as its model was approved unless told otherwise. */
const approve = (
  copyId: number,
  { reason = 'approved_with_plan', by = 'm.approved_by', at = 'm.approved_at' } = {},
) =>
  scene.run(
    `UPDATE batches c SET state = 'approved', reason = $2, approved_by = ${by}, approved_at = ${at}
     FROM batches m WHERE c.id = $1 AND m.id = c.copied_from`,
    [copyId, reason],
  )

describe('a copy of a batch', () => {
  it.each<[what: string, prepare: (modelId: number) => Promise<unknown>]>([
    ['no plan has', async () => {}],
    [
      'a paused plan has',
      async (modelId) => {
        const planId = await aPlan(modelId)
        await scene.session((session) => pausePlan(session, planId, leadAt(nine(-1))))
      },
    ],
  ])('is not made of one that %s', async (_what, prepare) => {
    const modelId = await aBatch()
    await prepare(modelId)
    expect(await constraintOf(aDraft(modelId))).toBe('batch_copy')
  })

  it.each([
    ['file_name', `'other.csv', 'ani'`],
    ['created_by', `'pay.csv', 'cici'`],
  ])('is not made with another %s', async (_what, values) => {
    const modelId = await aBatch()
    await aPlan(modelId)
    const draft = scene.run(
      `INSERT INTO batches (copied_from, state, reason, actor, file_name, created_by)
       VALUES ($1, 'draft', 'created', 'x', ${values})`,
      [modelId],
    )
    expect(await constraintOf(draft)).toBe('batch_copy')
  })

  it.each([
    ['one row less', `DELETE FROM batch_rows WHERE batch_id = $1 AND row_number = 2`],
    ['other grams', `UPDATE batch_rows SET content = '{"gold_weight":"9.0000"}' WHERE batch_id = $1`],
    ['another wallet', `UPDATE batch_rows SET phone_number = '081234500009' WHERE batch_id = $1`],
    ['a reference of its own', `UPDATE batch_rows SET reference = 'own-' || row_number WHERE batch_id = $1`],
    ['a deadline', `UPDATE batch_rows SET deadline_at = now() WHERE batch_id = $1`],
  ])('is not approved with %s', async (_what, change) => {
    const modelId = await aBatch()
    await aPlan(modelId)
    const copyId = await aDraft(modelId)
    await scene.session((session) =>
      session.transaction(async () => {
        await session.run(unnamed(`SET LOCAL session_replication_role = 'replica'`))
        await session.run(unnamed(change), [copyId])
      }),
    )
    await seal(copyId)
    expect(await constraintOf(approve(copyId))).toBe('batch_copy')
  })

  it('is approved as its model was, by nobody else and at no other time', async () => {
    const modelId = await aBatch()
    await aPlan(modelId)
    const copyId = await aDraft(modelId)
    await seal(copyId)
    for (const other of [{ by: `'cici'` }, { at: 'now()' }, { reason: 'approved_by_person' }])
      expect(await constraintOf(approve(copyId, other)), JSON.stringify(other)).toBe('batch_copy')
    expect(await constraintOf(approve(copyId))).toBe('accepted')
  })

  it('is what alone a plan approves and runs', async () => {
    const checked = await aBatch('checked')
    const withPlan = `UPDATE batches SET state = 'approved', reason = 'approved_with_plan', approved_by = 'budi',
      approved_at = now() WHERE id = $1`
    expect(await constraintOf(scene.run(withPlan, [checked]))).toBe('batch_copy')
    const approved = await aBatch()
    const run = `UPDATE batches SET state = 'running', reason = 'run_by_plan', run_at = now(), rate_per_second = 1 WHERE id = $1`
    expect(await constraintOf(scene.run(run, [approved]))).toBe('batch_copy')
  })

  it('stays a copy of what it is of', async () => {
    await aPlan(await aBatch())
    await scene.tick(nine())
    for (const other of ['NULL', 'id']) {
      const moved = scene.run(`UPDATE batches SET copied_from = ${other} WHERE state = 'running'`)
      expect(await constraintOf(moved)).toBe('batch_identity')
    }
  })
})

describe('a plan of a batch', () => {
  const insert = (batchId: number) =>
    scene.run(
      `INSERT INTO plans (name, source, schedule, time_zone, starts_at, missed, max_age_minutes, overlap, batch_id, state,
         reason, actor, next_due_at, created_by)
       VALUES ('sly', jsonb_build_object('is', 'batch', 'batch_id', $1::int), '{}', 'UTC', now(), 'skip', 60, 'skip', $1,
         'active', 'added', 'x', now(), 'x')`,
      [batchId],
    )

  it('takes one that is approved and not to run by itself, whoever writes it', async () => {
    const checked = await aBatch('checked')
    expect(await constraintOf(insert(checked))).toBe('plan_of_approved_batch')
    const [scheduled, run, cancelled] = [await aBatch(), await aBatch(), await aBatch()]
    await scene.session(async (session) => {
      await runBatch(session, scheduled, { ...FAST, at: new Date(Date.now() + 1e7) }, ANI)
      await runBatch(session, run, FAST, ANI)
      await cancelBatch(session, cancelled, ANI)
    })
    for (const batchId of [scheduled, run, cancelled])
      expect(await constraintOf(insert(batchId))).toBe('plan_of_approved_batch')
    expect(await constraintOf(insert(await aBatch()))).toBe('accepted')
  })

  it('starts runs of its own copies, and a plan of an order starts orders', async () => {
    const [ofBatch, other] = [await aPlan(await aBatch()), await aPlan(await aBatch())]
    const { planId: ofOrder } = await scene.add()
    await scene.session((session) => runPlanNow(session, other, leadAt(nine(-1))))
    await scene.tick(nine(-1))
    const [copy] = await scene.run<{ id: number }>('SELECT id FROM batches WHERE copied_from IS NOT NULL')
    const running = await aBatch()
    await scene.session(async (session) => {
      await runBatch(session, running, FAST, ANI)
      for (const planId of [ofBatch, ofOrder]) await runPlanNow(session, planId, leadAt(nine(-1)))
    })
    const orderId = await anAccepted(scene)
    const started = (planId: number, reason: string, column: 'batch_id' | 'order_id', id: unknown) =>
      constraintOf(
        scene.run(`UPDATE plan_runs SET state = 'started', reason = $2, ${column} = $3 WHERE plan_id = $1`, [
          ...[planId, reason, id],
        ]),
      )
    for (const batchId of [await aBatch(), running, copy?.id])
      expect(await started(ofBatch, 'batch_started', 'batch_id', batchId)).toBe('run_of_source')
    expect(await started(ofBatch, 'order_submitted', 'order_id', orderId)).toBe('run_of_source')
    expect(await started(ofBatch, 'order_submitted', 'batch_id', copy?.id)).toBe('run_of_source')
    expect(await started(ofOrder, 'batch_started', 'batch_id', running)).toBe('run_of_source')
    expect(await started(ofOrder, 'batch_started', 'order_id', orderId)).toBe('run_of_source')
    expect(await started(ofOrder, 'order_submitted', 'order_id', orderId)).toBe('accepted')
  })
})
