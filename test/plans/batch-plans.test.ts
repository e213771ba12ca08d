import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cancelBatch, runBatch } from '../../src/batches/commands.ts'
import { feedBatches } from '../../src/batches/feed.ts'
import { addPartnerWithKey } from '../../src/partners/commands.ts'
import { NO_LIMITS } from '../../src/partners/limits.ts'
import { setLimits } from '../../src/partners/store/partners.ts'
import { removePlan } from '../../src/plans/commands.ts'
import { planDueTimes } from '../../src/plans/plan-due-times.ts'
import { workOnPlan } from '../../src/plans/work-on-plan.ts'
import type { Session } from '../../src/postgres/session.ts'
import { constraintOf } from '../support/constraint.ts'
import { WALLET } from '../support/factories/job-data.ts'
import {
  ANI,
  BATCH_HEADER,
  buysFile,
  FAST,
  walletOfRow,
  withdrawalFile,
} from '../support/scenes/batch-scene.ts'
import {
  type CreatedBy,
  EVERY_MINUTE,
  leadAt,
  nine,
  openPlanScene,
  type PlanScene,
  QUIET,
} from '../support/scenes/plan-scene.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'

let scene: PlanScene
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene.close()
})

const approved = (file = buysFile(3, 'P'), ...made: [CreatedBy?]) => scene.batch(file, 'approved', ...made)
const add = (...args: Parameters<PlanScene['planBatch']>) => scene.planBatch(...args)
const aPlan = (...args: Parameters<PlanScene['addBatch']>) => scene.addBatch(...args)

const feed = () =>
  scene.session((session) =>
    feedBatches(session, { newId: randomUUID, wake: async () => {}, actor: 'feeder:test', log: QUIET }),
  )

const copies = () =>
  scene.run<{ id: number; state: string; approved_by: string; stop_after_failures: number }>(
    'SELECT id, state, approved_by, stop_after_failures FROM batches WHERE copied_from IS NOT NULL ORDER BY id',
  )

describe('a due time of a plan of a batch', () => {
  it('makes one approved and sealed copy with references of its own, and ends with it', async () => {
    await aPlan(await approved())
    expect(await scene.tick(nine())).toMatchObject({ planned: 1, started: 1 })
    expect(await scene.runs()).toEqual(['0 started batch_started'])
    expect(await copies()).toMatchObject([{ state: 'running', approved_by: 'budi', stop_after_failures: 2 }])
    await feed()
    const ending = '@2026-02-25T09:00+07:00'
    expect(await scene.references()).toEqual([`P-1${ending}`, `P-2${ending}`, `P-3${ending}`])
    expect(await scene.tick(nine(1))).toMatchObject({ finished: 0 })
    await scene.endOrders()
    await feed()
    expect(await scene.tick(nine(2))).toMatchObject({ finished: 1 })
    expect(await scene.runs()).toEqual(['0 finished batch_ended'])
  })

  it("makes of a partner's batch a copy of this partner, fed within its limits", async () => {
    const key = { scopes: ['batches:write' as const], isSigned: false }
    const by = { database: scene.database, random: randomBytes, actor: 'person:test' }
    await decidePolicy(scene.databaseUrl, 'first_use')
    await addPartnerWithKey('acme', key, by)
    await setLimits(scene.database, 'acme', { orders_per_minute: 2 }, 'person:test')
    await scene.run(
      `INSERT INTO partner_usage (partner, minute, day) VALUES ('acme', now() + interval '1 day', now()::date)`,
    )
    const owner = { partner: 'acme', limits: { ...NO_LIMITS, ordersPerMinute: 2 } }
    await aPlan(await approved(buysFile(3, 'P'), { by: 'acme/main', owner }), { owner: 'acme' })
    await scene.tick(nine())
    const [copy] = await scene.run('SELECT owner, created_by FROM batches WHERE copied_from IS NOT NULL')
    expect(copy).toEqual({ owner: 'acme', created_by: 'acme/main' })
    await feed()
    expect(await scene.references()).toHaveLength(2)
    const change = scene.run(
      `INSERT INTO batches (file_name, copied_from, state, reason, actor, created_by)
       SELECT file_name, id, 'draft', 'created', 'x', created_by FROM batches WHERE copied_from IS NULL`,
    )
    expect(await constraintOf(change)).toBe('batch_copy')
  })

  it('ends when its copy is cancelled', async () => {
    await aPlan(await approved())
    await scene.tick(nine())
    const [copy] = await copies()
    await scene.session((session) => cancelBatch(session, copy?.id ?? 0, ANI))
    expect(await scene.tick(nine(2))).toMatchObject({ finished: 1 })
    expect(await scene.runs()).toEqual(['0 finished batch_cancelled'])
  })

  it('has one copy when schedulers look at once', async () => {
    await aPlan(await approved())
    await Promise.all([scene.tick(nine()), scene.tick(nine()), scene.tick(nine(0.1))])
    await scene.tick(nine(0.2))
    expect(await copies()).toHaveLength(1)
    expect(await scene.runs()).toEqual(['0 started batch_started'])
  })

  it('leaves no copy when its scheduler dies before the run has it', async () => {
    const planId = await aPlan(await approved())
    await planDueTimes(scene.database, { clock: async () => nine(), actor: 'scheduler:died', planId: null })
    const dying = scene.session((session) => {
      const run: Session['run'] = (statement, values) => {
        if (statement.name === 'start_plan_batch_run') throw new Error('died')
        return session.run(statement, values)
      }
      const work = { clock: async () => nine(), actor: 'scheduler:died', newId: randomUUID }
      return workOnPlan({ ...session, run }, planId, work)
    })
    await expect(dying).rejects.toThrow('died')
    expect(await copies()).toEqual([])
    await scene.tick(nine(0.5))
    expect(await copies()).toHaveLength(1)
  })

  it.each([
    ['skip', ['1 started batch_started', '2 skipped overlap', '3 skipped overlap']],
    ['wait', ['1 started batch_started', '2 planned due', '3 planned due']],
    ['allow', ['1 started batch_started', '2 started batch_started', '3 started batch_started']],
  ] as const)('while the copy before runs: %s', async (overlap, runs) => {
    const missed = overlap === 'skip' ? 'run_once' : 'run_all'
    await aPlan(await approved(), { schedule: EVERY_MINUTE, overlap, missed, startsAt: nine(1) })
    if (overlap !== 'allow') for (const minute of [1, 2]) await scene.tick(nine(minute))
    // A tick makes one copy.
    for (const seconds of [0, 2, 4]) await scene.tick(nine(3 + seconds / 60))
    expect(await scene.runs()).toEqual(runs)
  })

  it('is skipped when the rows of the batch were changed behind the program', async () => {
    const batchId = await approved()
    await aPlan(batchId)
    await scene.run(`ALTER TABLE batch_rows DISABLE TRIGGER batch_rows_guard`)
    await scene.run(`UPDATE batch_rows SET reference = 'X' WHERE batch_id = $1 AND row_number = 2`, [batchId])
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 skipped batch_changed'])
    expect(await copies()).toEqual([])
  })

  it('is skipped when another batch has its rows', async () => {
    await aPlan(await approved())
    const rows = [1, 2, 3].map((n) => `buy,acme,P-${n}@2026-02-25T09:00+07:00,${walletOfRow('P', n)},0.5`)
    await approved([BATCH_HEADER, ...rows, ''].join('\n'))
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 skipped rows_taken'])
    expect(await copies()).toEqual([])
  })
})

describe('the batch of a plan', () => {
  it('is run, scheduled and cancelled by nobody else', async () => {
    const batchId = await approved()
    await aPlan(batchId, { name: 'pay' })
    const refused = { is: 'refused', why: 'plan', message: expect.stringContaining('belongs to plan pay') }
    await scene.session(async (session) => {
      expect(await runBatch(session, batchId, FAST, ANI)).toEqual(refused)
      expect(await runBatch(session, batchId, { ...FAST, at: new Date() }, ANI)).toEqual(refused)
      expect(await cancelBatch(session, batchId, ANI)).toEqual(refused)
    })
    for (const change of [
      `state = 'running', reason = 'run_by_person'`,
      `state = 'cancelled', reason = 'plan_over'`,
    ])
      expect(await constraintOf(scene.run(`UPDATE batches SET ${change} WHERE id = $1`, [batchId]))).toBe(
        'batch_of_plan',
      )
    expect(await add(batchId)).toMatchObject({ is: 'refused' })
  })

  it.each([
    [
      'a deadline',
      `${BATCH_HEADER},deadline\nbuy,acme,D,${WALLET},0.5,2099-01-01T00:00:00Z\n`,
      'row 1: deadline',
    ],
    [
      'a reference that becomes too long',
      `${BATCH_HEADER}\nbuy,acme,${'r'.repeat(99)},${WALLET},0.5\n`,
      'row 1: reference',
    ],
    [
      'characters that count twice',
      `${BATCH_HEADER}\nbuy,acme,${'🪙'.repeat(50)},${WALLET},0.5\n`,
      'row 1: reference',
    ],
  ])('is refused with %s', async (_what, file, message) => {
    expect(await add(await approved(file))).toEqual({
      is: 'refused',
      why: 'batch_unfit',
      message: expect.stringContaining(message),
    })
  })

  it('is refused unless approved and not scheduled', async () => {
    const batchId = await approved()
    await scene.session((session) =>
      runBatch(session, batchId, { ...FAST, at: new Date(Date.now() + 1e7) }, ANI),
    )
    expect(await add(batchId)).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('run by itself'),
    })
    await scene.session((session) => cancelBatch(session, batchId, ANI))
    expect(await add(batchId)).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('only an approved'),
    })
  })

  it('keeps KTP number and address until its plan is removed, and the copies go on', async () => {
    const batchId = await approved(withdrawalFile('W'))
    const planId = await aPlan(batchId)
    await scene.tick(nine())
    const kept = () =>
      scene.run(`SELECT batch_id FROM batch_rows WHERE content ? 'ktp' AND content ? 'address' ORDER BY 1`)
    const [copy] = await copies()
    expect(await kept()).toEqual([{ batch_id: batchId }, { batch_id: copy?.id }])
    await scene.session((session) => removePlan(session, planId, leadAt(nine(1))))
    expect(await kept()).toEqual([{ batch_id: copy?.id }])
    expect(await copies()).toMatchObject([{ state: 'running' }])
    await feed()
    expect(await kept()).toEqual([])
  })

  it('is erased when its plan ends', async () => {
    const batchId = await approved(withdrawalFile('W'))
    await aPlan(batchId, { maxCount: 1 })
    expect(await scene.tick(nine())).toMatchObject({ started: 1, ended: 1 })
    expect(await scene.run('SELECT state, reason FROM batches WHERE id = $1', [batchId])).toEqual([
      { state: 'cancelled', reason: 'plan_over' },
    ])
    expect(
      await scene.run(`SELECT 1 FROM batch_rows WHERE batch_id = $1 AND content ? 'ktp'`, [batchId]),
    ).toEqual([])
  })
})
