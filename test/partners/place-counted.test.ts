import { randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { submitOrders } from '../../src/orders/store/submissions.ts'
import { parseSubmission, type Submission } from '../../src/orders/submission.ts'
import { addPartnerWithKey } from '../../src/partners/commands.ts'
import { countsUsage, NO_LIMITS, type PartnerLimits } from '../../src/partners/limits.ts'
import { placeCounted } from '../../src/partners/place-counted.ts'
import type { Placed } from '../../src/partners/placed.ts'
import { type Database, openDatabase, type Statement, StorageError } from '../../src/postgres/pool.ts'
import { createLoaders } from '../../src/processes/loaders.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'
import { unnamed } from '../support/unnamed.ts'

let place: Awaited<ReturnType<typeof createTestDatabase>>
let database: Database
beforeAll(async () => {
  place = await createTestDatabase()
  const { databaseUrl } = place
  // The partners of these tests share wallets.
  await decidePolicy(databaseUrl, 'open')
  database = openDatabase({ databaseUrl, maxConnections: 8, plans: 'by_key', onError() {} })
  await sql(`ALTER TABLE orders ADD CONSTRAINT test_refuses CHECK (reference <> 'REFUSED')`)
})
afterAll(async () => {
  await database?.close()
  await place?.drop()
})

const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  database.run<Row>(unnamed(text), values)

let partners = 0

/** A new partner whose minute and day do not end while a test runs. */
async function aPartner(): Promise<string> {
  partners += 1
  const name = `counted-${partners}`
  const deps = { database, random: randomBytes, actor: 'person:test' }
  await addPartnerWithKey(name, { scopes: ['orders:write'], isSigned: false }, deps)
  await sql(
    `INSERT INTO partner_usage (partner, minute, day) VALUES ($1, now() + interval '1 day', (now() + interval '2 days')::date)`,
    [name],
  )
  return name
}

interface Asked {
  readonly reference: string
  readonly amount?: number
  readonly wallet?: number
  readonly deadline?: Date
}

function aBuy(partner: string, { reference, amount = 10, wallet = 1, deadline }: Asked): Submission {
  const common = { partner, reference, phone_number: `08123450000${wallet}`, amount }
  return parseSubmission(
    'buy',
    deadline === undefined ? common : { ...common, deadline: deadline.toISOString() },
  )
}

const limitsOf = (limits: Partial<PartnerLimits>): PartnerLimits => ({ ...NO_LIMITS, ...limits })

/** Places orders in one group. */
async function placeGroup(
  partner: string,
  limits: Partial<PartnerLimits>,
  asked: readonly Asked[],
  on: Database = database,
): Promise<PromiseSettledResult<Placed>[]> {
  const orders = asked.map((each) => ({
    orderId: randomUUID(),
    submission: aBuy(partner, each),
    limits: limitsOf(limits),
  }))
  return await placeCounted(on, orders)
}

/** What was answered, without ids that differ from run to run. */
const told = (results: readonly PromiseSettledResult<Placed>[]) =>
  results.map((result) => {
    if (result.status === 'rejected') return 'failed'
    const { value } = result
    return value.is === 'refused' ? value.breach : value.is
  })

async function stateOf(partner: string) {
  const [usage] = await sql<{ orders: number; rupiah: string; wallets: number }>(
    'SELECT orders, rupiah::text AS rupiah, wallets FROM partner_usage WHERE partner = $1',
    [partner],
  )
  const stored = await sql<{ reference: string; amount: number; wallet: string }>(
    `SELECT reference, (content ->> 'amount')::int AS amount, phone_number AS wallet FROM orders WHERE partner = $1 ORDER BY 1`,
    [partner],
  )
  const wallets = await sql<{ wallet: string }>(
    'SELECT phone_number AS wallet FROM partner_day_wallets WHERE partner = $1 ORDER BY 1',
    [partner],
  )
  return { usage, stored, wallets: wallets.map(({ wallet }) => wallet) }
}

const passed = new Date('2020-01-01T00:00:00Z')
const far = new Date('2999-01-01T00:00:00Z')

describe('a group of one partner’s orders', () => {
  it('is as if each came after the one before it', async () => {
    const asked = fc.record({
      reference: fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'REFUSED'),
      amount: fc.constantFrom(10, 20, 70),
      wallet: fc.constantFrom(1, 2, 3),
      deadline: fc.constantFrom(far, far, far, passed),
    })
    const orNull = <T>(value: T) => fc.constantFrom(value, null)
    const limits = fc
      .record({ ordersPerMinute: orNull(4), rupiahPerDay: orNull(100n), walletsPerDay: orNull(2) })
      .filter((given) => countsUsage(limitsOf(given)))
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 12 }), limits, async (orders, given) => {
        const [grouped, single] = [await aPartner(), await aPartner()]
        const together = await placeGroup(grouped, given, orders)
        const alone: PromiseSettledResult<Placed>[] = []
        for (const order of orders) alone.push(...(await placeGroup(single, given, [order])))
        expect(told(together)).toEqual(told(alone))
        expect(await stateOf(grouped)).toEqual(await stateOf(single))
        const ordersLeft = (results: typeof alone) =>
          results.map((result) => (result.status === 'fulfilled' ? result.value.usage?.orders : null))
        expect(ordersLeft(together)).toEqual(ordersLeft(alone))
      }),
      { numRuns: 60 },
    )
  })

  it('gives two requests of the same reference and content one order, which is counted once', async () => {
    const partner = await aPartner()
    const results = await placeGroup(partner, { ordersPerMinute: 2, rupiahPerDay: 20n }, [
      { reference: 'A' },
      { reference: 'A' },
      { reference: 'B' },
      { reference: 'A' },
    ])
    expect(told(results)).toEqual(['stored', 'stored', 'stored', 'stored'])
    const ids = results.map((result) =>
      result.status === 'fulfilled' && result.value.is === 'stored' ? result.value.order.orderId : null,
    )
    expect(new Set([ids[0], ids[1], ids[3]]).size).toBe(1)
    expect((await stateOf(partner)).usage).toEqual({ orders: 2, rupiah: '20', wallets: 0 })
  })

  it('has one conflict when one reference comes with two contents', async () => {
    const partner = await aPartner()
    const results = await placeGroup(partner, { rupiahPerDay: 1_000n }, [
      { reference: 'A', amount: 10 },
      { reference: 'A', amount: 20 },
    ])
    expect(told(results)).toEqual(['stored', 'conflict'])
    expect((await stateOf(partner)).stored).toEqual([{ reference: 'A', amount: 10, wallet: '081234500001' }])
  })

  it('admits a smaller order after one that is over the limit, and stores no wallet of a refused order', async () => {
    const partner = await aPartner()
    const results = await placeGroup(partner, { rupiahPerDay: 100n, walletsPerDay: 5 }, [
      { reference: 'A', amount: 70 },
      { reference: 'B', amount: 40, wallet: 2 },
      { reference: 'C', amount: 30, wallet: 3 },
    ])
    expect(told(results)).toEqual(['stored', 'rupiah_per_day', 'stored'])
    const state = await stateOf(partner)
    expect(state.wallets).toEqual(['081234500001', '081234500003'])
    expect(state.usage).toEqual({ orders: 2, rupiah: '100', wallets: 2 })
  })

  it('does not fail with an order that Postgres refuses', async () => {
    const partner = await aPartner()
    const results = await placeGroup(partner, { ordersPerMinute: 2 }, [
      { reference: 'A' },
      { reference: 'REFUSED' },
      { reference: 'B' },
      { reference: 'C' },
    ])
    expect(told(results)).toEqual(['stored', 'failed', 'stored', 'orders_per_minute'])
    expect((await stateOf(partner)).usage?.orders).toBe(2)
  })

  it('fails as a whole when the fate of its COMMIT is unknown, and is found and counted once afterwards', async () => {
    const partner = await aPartner()
    const limits = { ordersPerMinute: 2 }
    const lossy: Database = {
      ...database,
      async transaction(work) {
        await database.transaction(work)
        throw new StorageError('commit', Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
      },
    }
    const asked = [{ reference: 'A' }, { reference: 'B' }, { reference: 'C' }]
    expect(told(await placeGroup(partner, limits, asked, lossy))).toEqual(['failed', 'failed', 'failed'])
    expect(told(await placeGroup(partner, limits, asked))).toEqual(['stored', 'stored', 'orders_per_minute'])
    expect((await stateOf(partner)).usage?.orders).toBe(2)
  })

  it('counts no order that a job of the queue stores meanwhile, and refuses no other because of it', async () => {
    const partner = await aPartner()
    const raced = { orderId: randomUUID(), submission: aBuy(partner, { reference: 'A' }) }
    const results = await placeGroup(
      partner,
      { ordersPerMinute: 1 },
      [{ reference: 'A' }, { reference: 'B' }, { reference: 'C' }],
      beforeStatement('submit_orders', async () => {
        await submitOrders(database, [raced])
      }),
    )
    expect(told(results)).toEqual(['stored', 'stored', 'orders_per_minute'])
    const [first] = results
    expect(first?.status === 'fulfilled' && first.value).toMatchObject({ order: { orderId: raced.orderId } })
    expect((await stateOf(partner)).usage?.orders).toBe(1)
  })
})

/** The database, with something that happens once, right before a statement of a transaction. */
function beforeStatement(name: string, happen: () => Promise<void>): Database {
  let isOver = false
  return {
    ...database,
    transaction: (work) =>
      database.transaction((runner) =>
        work({
          async run(statement: Statement, values) {
            if (!isOver && statement.name === name) {
              isOver = true
              await happen()
            }
            return await runner.run(statement, values)
          },
        }),
      ),
  }
}

describe('requests of one partner at once, over several processes', () => {
  it('are never admitted beyond a limit, and each limit is used up exactly', async () => {
    const limits = fc.constantFrom<Partial<PartnerLimits>>(
      { ordersPerMinute: 7 },
      { rupiahPerDay: 70n },
      { walletsPerDay: 3 },
    )
    await fc.assert(
      fc.asyncProperty(limits, fc.integer({ min: 1, max: 3 }), async (given, processes) => {
        const partner = await aPartner()
        const loaders = Array.from({ length: processes }, () => createLoaders(database))
        const results = await Promise.allSettled(
          Array.from({ length: 60 }, async (_, n) => {
            const loader = loaders[n % processes]
            if (loader === undefined) throw new Error('no process')
            // Every reference comes twice, mostly to different processes.
            const submission = aBuy(partner, { reference: `R-${n % 30}`, wallet: (n % 30) % 9 })
            return await loader.placeCounted({ orderId: randomUUID(), submission, limits: limitsOf(given) })
          }),
        )
        expect(told(results)).not.toContain('failed')
        const { usage, stored, wallets } = await stateOf(partner)
        expect(usage?.orders).toBe(stored.length)
        if (given.walletsPerDay === undefined) expect(stored).toHaveLength(7)
        else expect([wallets.length, usage?.wallets]).toEqual([3, 3])
        expect(usage?.rupiah).toBe(String(stored.length * 10))
        expect(told(results).filter((each) => each === 'stored')).toHaveLength(stored.length * 2)
      }),
      { numRuns: 12 },
    )
  })

  it('have each their own answer when Postgres refuses one of them', async () => {
    const partner = await aPartner()
    const loader = createLoaders(database)
    const results = await Promise.allSettled(
      ['A', 'REFUSED', 'B', 'C'].map((reference) =>
        loader.placeCounted({
          orderId: randomUUID(),
          submission: aBuy(partner, { reference }),
          limits: limitsOf({ ordersPerMinute: 9 }),
        }),
      ),
    )
    expect(told(results)).toEqual(['stored', 'failed', 'stored', 'stored'])
  })
})
