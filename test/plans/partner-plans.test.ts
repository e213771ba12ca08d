import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newOrderId } from '../../src/core/new-id.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { addPartnerWithKey } from '../../src/partners/commands.ts'
import { limitsOf } from '../../src/partners/limits.ts'
import { placeOrder } from '../../src/partners/place-order.ts'
import { type LimitChange, listPartners, setLimits, setState } from '../../src/partners/store/partners.ts'
import type { PlanTerms } from '../../src/plans/plan.ts'
import { planDueTimes } from '../../src/plans/plan-due-times.ts'
import { findPlan } from '../../src/plans/queries.ts'
import { runDuePlans } from '../../src/plans/run-due.ts'
import { workOnPlan } from '../../src/plans/work-on-plan.ts'
import { StorageError } from '../../src/postgres/pool.ts'
import type { Session } from '../../src/postgres/session.ts'
import { createLoaders } from '../../src/processes/loaders.ts'
import { WALLET } from '../support/factories/job-data.ts'
import { oneRow } from '../support/factories/stored-orders.ts'
import { EVERY_MINUTE, nine, openPlanScene, type PlanScene, QUIET } from '../support/scenes/plan-scene.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'

let scene: PlanScene
beforeEach(async () => {
  scene = await openPlanScene()
  // An operator's plan of another partner is for the same wallet.
  await decidePolicy(scene.databaseUrl, 'open')
  const deps = { database: scene.database, random: randomBytes, actor: 'person:test' }
  await addPartnerWithKey('shop', { scopes: ['batches:write'], isSigned: false }, deps)
})
afterEach(async () => {
  await scene.close()
})

const limit = (limits: LimitChange) => setLimits(scene.database, 'shop', limits, 'person:test')

const buy = (amount: number, phone_number = WALLET) =>
  ({ is: 'order', kind: 'buy', phone_number, content: { amount } }) as const

/** A plan that shop added. */
const addOwned = (terms: Partial<PlanTerms> = {}, at = nine(-1)) =>
  scene.add({ owner: 'shop', partner: 'shop', source: buy(100_000), ...terms }, at)

/** An order that shop places over HTTP. */
async function place(reference: string, amount: number) {
  const [row] = await listPartners(scene.database, 'shop')
  if (row === undefined) throw new Error('no partner')
  const fields = { partner: 'shop', reference, phone_number: WALLET, amount }
  return await placeOrder(parseSubmission('buy', fields), limitsOf(row), {
    ...createLoaders(scene.database),
    database: scene.database,
    newId: newOrderId,
  })
}

const breaches = async () =>
  (await scene.run<{ breach: string | null }>('SELECT breach FROM plan_runs ORDER BY due_at, plan_id')).map(
    ({ breach }) => breach,
  )

const usage = () =>
  oneRow<{ orders: number; rupiah: string; wallets: number }>(
    scene.database,
    'SELECT orders, rupiah::text AS rupiah, wallets FROM partner_usage',
  )

/** As if the clock minute in which usage was counted were over. */
const endMinute = () => scene.run(`UPDATE partner_usage SET minute = minute - interval '1 minute'`)

describe('a run of a partner’s plan', () => {
  it('is an order of the partner, counted once, with a reference by the plan’s name', async () => {
    await limit({ orders_per_minute: 5, rupiah_per_day: '1000000', wallets_per_day: 3 })
    await addOwned({ name: 'savings' })
    await scene.tick(nine())
    await scene.tick(nine(0.1))
    expect(await scene.references()).toEqual(['plan-savings-2026-02-25T09:00+07:00'])
    expect(await usage()).toEqual({ orders: 1, rupiah: '100000', wallets: 1 })
  })

  it.each([
    ['kind_not_allowed', { kinds: ['sell'] }, buy(1)],
    ['rupiah_per_order', { rupiah_per_order: '99999' }, buy(100_000)],
    ['rupiah_unbounded', { rupiah_per_day: '1' }, { ...buy(1), content: { gold_weight: '1.0000' } }],
    ['rupiah_per_order', { rupiah_per_day: '99999' }, buy(100_000)],
  ] as const)('whose order can never be placed is skipped: %s', async (breach, limits, source) => {
    await addOwned({ source })
    await limit({ ...limits, ...('kinds' in limits ? { kinds: [...limits.kinds] } : {}) } as LimitChange)
    expect(await scene.tick(nine())).toMatchObject({ started: 0, skipped: 1 })
    expect(await scene.runs()).toEqual(['0 skipped limit_reached'])
    expect(await breaches()).toEqual([breach])
    expect(await scene.references()).toEqual([])
  })

  it('is skipped when the day’s rupiah or wallets are used up, and has used nothing itself', async () => {
    await limit({ rupiah_per_day: '150000', wallets_per_day: 1 })
    await place('W-1', 60_000)
    await addOwned()
    await addOwned({ source: buy(10_000, '081234500002') })
    await addOwned({ source: buy(90_000) })
    await scene.tick(nine())
    expect(await breaches()).toEqual(['rupiah_per_day', 'wallets_per_day', null])
    expect(await usage()).toMatchObject({ rupiah: '150000', wallets: 1 })
  })

  it('waits for the next minute when this one’s orders are used up, and is not missed by that', async () => {
    await limit({ orders_per_minute: 1 })
    await place('W-1', 1)
    await addOwned({ missed: 'skip' })
    expect(await scene.tick(nine())).toMatchObject({ started: 0, skipped: 0 })
    expect(await scene.tick(nine(2))).toMatchObject({ started: 0, skipped: 0 })
    expect(await scene.runs()).toEqual(['0 planned due'])
    await endMinute()
    expect(await scene.tick(nine(3))).toMatchObject({ started: 1 })
  })

  it('waits no longer than the plan’s maximum age', async () => {
    await limit({ orders_per_minute: 1 })
    await place('W-1', 1)
    await addOwned({ maxAgeMinutes: 3 })
    await scene.tick(nine())
    await scene.tick(nine(4))
    expect(await scene.runs()).toEqual(['0 skipped too_old'])
  })

  it('is skipped while the partner is suspended', async () => {
    await addOwned()
    await setState(scene.database, 'shop', 'suspended', 'person:test')
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 skipped partner_suspended'])
    await setState(scene.database, 'shop', 'active', 'person:test')
    await scene.tick(nine(0, 1))
    expect((await scene.runs())[1]).toBe('1440 started order_submitted')
  })

  it('is not refused an order that the partner has placed itself, and costs nothing then', async () => {
    await limit({ rupiah_per_day: '100000', orders_per_minute: 1 })
    await addOwned({ name: 'savings' })
    await place('plan-savings-2026-02-25T09:00+07:00', 100_000)
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
    expect(await usage()).toMatchObject({ orders: 1, rupiah: '100000' })
  })

  it('has used nothing when its scheduler dies before the commit', async () => {
    await limit({ rupiah_per_day: '100000' })
    const { planId } = await addOwned()
    const work = { clock: async () => nine(), actor: 'scheduler:died', newId: newOrderId }
    await planDueTimes(scene.database, { ...work, planId: null })
    const dying = scene.session((session) => {
      const run: Session['run'] = (statement, values) => {
        if (statement.name === 'end_plan') throw new Error('died')
        return session.run(statement, values)
      }
      return workOnPlan({ ...session, run }, planId, work)
    })
    await expect(dying).rejects.toThrow('died')
    await scene.tick(nine(0.1))
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
    expect(await usage()).toMatchObject({ orders: 1, rupiah: '100000' })
  })
})

describe('a limit', () => {
  it('lets exactly so many runs through, however many schedulers look at once; the others wait', async () => {
    await limit({ orders_per_minute: 7 })
    for (let n = 0; n < 20; n += 1) await addOwned()
    await Promise.all([scene.tick(nine()), scene.tick(nine()), scene.tick(nine())])
    await scene.tick(nine(0.1))
    const orders = (await scene.references()).length
    // A minute may have ended in between.
    expect([7, 14]).toContain(orders)
    const runs = await scene.runs()
    expect(runs.filter((run) => run === '0 planned due')).toHaveLength(20 - orders)
    await endMinute()
    await scene.tick(nine(1.1))
    expect((await scene.references()).length).toBeGreaterThanOrEqual(Math.min(orders + 7, 20))
    expect(await breaches()).toEqual(Array(20).fill(null))
  })

  it('that many plans wait for costs a tick one look, and none of them is missed by that', async () => {
    await limit({ orders_per_minute: 1 })
    for (let n = 0; n < 8; n += 1) await addOwned({ missed: 'skip' })
    const late = await addOwned({ missed: 'skip', maxAgeMinutes: 7 * 24 * 60 }, nine(-3 * 24 * 60))
    const other = await scene.add()
    const look = async (at: Date) => {
      let looks = 0
      await scene.session((session) => {
        const run: Session['run'] = (statement, values) => {
          if (statement.name === 'lock_plan') looks += 1
          return session.run(statement, values)
        }
        const work = { actor: 'scheduler:test', clock: async () => at, newId: newOrderId, log: QUIET }
        return runDuePlans({ ...session, run }, { ...work, wake: async () => {} })
      })
      return looks
    }
    await place('W-1', 1)
    const looks = await look(nine())
    // A minute may have ended in between, and let one through.
    expect([2, 3]).toContain(looks)
    expect(
      await scene.run('SELECT 1 FROM plan_runs WHERE plan_id = $1 AND order_id IS NOT NULL', [other.planId]),
    ).toHaveLength(1)
    for (let minute = 2; minute < 12; minute += 1) {
      await endMinute()
      await look(nine(minute))
    }
    const reasons = await scene.run<{ reason: string }>(
      'SELECT reason FROM plan_runs WHERE plan_id <> $1 ORDER BY plan_id',
      [late.planId],
    )
    expect(reasons.map(({ reason }) => reason)).toEqual(Array(9).fill('order_submitted'))
    // What nobody had looked at in time is still missed.
    const missed = await scene.run<{ reason: string }>(
      `SELECT DISTINCT reason FROM plan_runs WHERE plan_id = $1 AND due_at < $2`,
      [late.planId, nine()],
    )
    expect(missed).toEqual([{ reason: 'missed' }])
  })

  it('is one for runs and orders over HTTP at the same time', async () => {
    await limit({ rupiah_per_day: '1000000' })
    for (let n = 0; n < 10; n += 1) await addOwned()
    const over = Array.from({ length: 10 }, (_, n) => place(`W-${n}`, 100_000))
    const [, , ...placed] = await Promise.all([scene.tick(nine()), scene.tick(nine()), ...over])
    await scene.tick(nine(0.1))
    const accepted = placed.filter((each) => typeof each === 'object' && 'is' in each && each.is === 'stored')
    const started = (await scene.runs()).filter((run) => run === '0 started order_submitted')
    expect(started.length + accepted.length).toBe(10)
    expect(await scene.references()).toHaveLength(10)
    expect(await usage()).toMatchObject({ rupiah: '1000000' })
    expect((await breaches()).filter((breach) => breach !== null)).toEqual(
      Array(10 - started.length).fill('rupiah_per_day'),
    )
  })

  it('holds for several runs of one plan at once', async () => {
    await limit({ rupiah_per_day: '250000' })
    await addOwned({ schedule: EVERY_MINUTE, missed: 'run_all', overlap: 'allow' }, nine())
    await scene.tick(nine(4))
    expect(await breaches()).toEqual([null, null, 'rupiah_per_day', 'rupiah_per_day'])
  })

  it('is no limit of an operator’s plan of the same partner', async () => {
    await limit({ rupiah_per_order: '1' })
    await scene.add({ partner: 'shop', source: buy(100_000) })
    await scene.tick(nine())
    expect(await scene.runs()).toEqual(['0 started order_submitted'])
  })
})

describe('the name of a partner’s plan', () => {
  const constraintOf = (text: string, values: readonly unknown[]) =>
    scene.run(text, values).then(
      () => 'accepted',
      (error: unknown) => (error instanceof StorageError ? error.constraint : String(error)),
    )

  it('is its own: others have it too, and it is not given again', async () => {
    await addOwned({ name: 'savings' })
    await scene.add({ name: 'savings', partner: 'shop' })
    await expect(addOwned({ name: 'savings' })).rejects.toThrow('there is a plan savings already')
    await scene.run(`UPDATE plans SET state = 'removed', reason = 'removed_by_partner' WHERE owner = 'shop'`)
    await expect(addOwned({ name: 'savings' })).rejects.toThrow('there is a plan savings already')
  })

  it('is found by operators with its owner, and theirs without', async () => {
    const [theirs, ours] = [await addOwned({ name: 'same' }), await scene.add({ name: 'same' })]
    const found = async (given: string) => (await findPlan(scene.database, given))?.planId
    expect(await found('same')).toBe(ours.planId)
    expect(await found('shop/same')).toBe(theirs.planId)
    expect(await found(String(theirs.planId))).toBe(theirs.planId)
  })

  it('and its owner never change, and the owner is the partner of its orders', async () => {
    const { planId } = await addOwned()
    expect(await constraintOf('UPDATE plans SET owner = NULL WHERE id = $1', [planId])).toBe('plan_identity')
    await expect(addOwned({ partner: 'other' })).rejects.toMatchObject({ constraint: 'plans_owner' })
  })

  it('is told which limit skipped a run, and no other reason has one', async () => {
    await addOwned()
    await setState(scene.database, 'shop', 'suspended', 'person:test')
    await scene.run(
      `INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor) SELECT id, now(), 'x', 'planned', 'due', 'x' FROM plans`,
    )
    const skip = (reason: string, breach: string | null) =>
      constraintOf(`UPDATE plan_runs SET state = 'skipped', reason = $1, breach = $2`, [reason, breach])
    expect(await skip('limit_reached', null)).toBe('plan_runs_breach')
    expect(await skip('partner_suspended', 'rupiah_per_day')).toBe('plan_runs_breach')
    expect(await skip('limit_reached', 'anything')).toBe('plan_runs_breach_known')
    expect(await skip('limit_reached', 'rupiah_per_day')).toBe('accepted')
  })
})
