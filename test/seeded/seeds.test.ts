import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { runSeed, type SeededRun } from './run.ts'

const FIRST_SEED = Number(process.env.FIRST_SEED ?? 1)
/** A sample; more: `npm run proof:seeds`. */
const SEEDS = Number(process.env.SEEDS ?? 50)
const AT_ONCE = 6

let test: TestDatabase
let stores: ReturnType<typeof openStores>

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl, 16)
})

afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})

/** A failing seed is printed with the command that repeats it. */
async function runOrExplain(seed: number): Promise<SeededRun> {
  const run = await runSeed(seed, stores)
  if (run.violations.length === 0) return run
  const told = run.violations.map(({ rule, orderId, what }) => `  ${rule}: order ${orderId ?? '–'}: ${what}`)
  throw new Error(
    [
      `seed ${seed} violates:`,
      ...told,
      `repeat: FIRST_SEED=${seed} SEEDS=1 npx vitest run test/seeded/seeds`,
    ].join('\n'),
  )
}

describe(`seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1}`, () => {
  it('lose no order and double none', async () => {
    const runs: SeededRun[] = []
    let next = FIRST_SEED
    const lane = async () => {
      while (next < FIRST_SEED + SEEDS) {
        const seed = next
        next += 1
        runs.push(await runOrExplain(seed))
        if (process.env.SEEDS !== undefined && seed % 100 === 0) console.log(`seed ${seed} done`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    // A proof in which nothing happens proves nothing.
    if (SEEDS < 50) return
    const orders = runs.flatMap((run) => run.orders)
    const attempts = orders.flatMap((order) => order.attempts)
    for (const state of ['succeeded', 'rejected', 'in_doubt'])
      expect(orders.filter((order) => order.state === state).length, state).toBeGreaterThan(SEEDS / 10)
    for (const outcome of ['price_changed', 'succeeded', 'rejected', 'in_doubt'])
      expect(attempts.filter((attempt) => attempt.outcome === outcome).length, outcome).toBeGreaterThan(
        SEEDS / 10,
      )
    expect(
      runs.reduce((sum, { deaths }) => sum + deaths, 0),
      'deaths',
    ).toBeGreaterThan(SEEDS / 10)
  }, 3_600_000)
})
