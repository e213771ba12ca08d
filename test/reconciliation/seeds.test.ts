import { describe, expect, it } from 'vitest'
import { checkSandbox } from '../../src/dev/sandbox/check-sandbox.ts'
import { FAULT_NAMES, type FaultName, type FaultSetting } from '../../src/dev/sandbox/faults.ts'
import { readOrdersWithAttempts } from '../../src/orders/queries/checked-orders.ts'
import type { RunCounts } from '../../src/reconciliation/run.ts'
import { type Played, partnerOf, playSeed } from '../seeded/run.ts'
import { rowsOf } from '../support/factories/recorded-orders.ts'
import { laySandboxStatement } from '../support/factories/sandbox-statement.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'

/** Orders of every kind against a gateway with every fault on, and then its statement: every doubt ends, and rightly. */

const FIRST_SEED = Number(process.env.FIRST_SEED ?? 1)
/** A sample; more: `npm run proof:seeds`. */
const SEEDS = Number(process.env.SEEDS ?? 16)
const AT_ONCE = 5
/** Short, for a doubt too many is what the statement is for. */
const CALL_TIMEOUT_MS = 1_500
const HOUR_MS = 3_600_000

/** Every fault at a low rate; of the two that cost a whole time-out one strikes once. */
function everyFault(seed: number): Partial<Record<FaultName, FaultSetting>> {
  const faults: Partial<Record<FaultName, FaultSetting>> = {}
  for (const fault of FAULT_NAMES) faults[fault] = { rate: 0.04, on: 'confirm' }
  faults.slow_reply = { next: seed % 2, on: 'confirm' }
  faults.trickling_reply = { next: 1 - (seed % 2), on: 'confirm' }
  return faults
}

interface Reconciled {
  readonly counts: RunCounts
  readonly struck: readonly FaultName[]
  readonly problems: readonly string[]
}

async function reconcileSeed(seed: number): Promise<Reconciled> {
  const scene = await openScene()
  const stores = openStores(scene.databaseUrl, 5)
  try {
    const play = { seed, stores, mutate: null, faults: everyFault(seed), callTimeoutMs: CALL_TIMEOUT_MS }
    return await playSeed(play, (played) => reconcilePlayed(scene, played))
  } finally {
    await stores.database.close()
    await scene.close()
  }
}

async function reconcilePlayed(scene: Scene, { seed, stores, sandbox }: Played): Promise<Reconciled> {
  // What was sent has ended by now, so a statement up to now is about all of it.
  const period = { from: new Date(Date.now() - HOUR_MS), to: new Date() }
  await laySandboxStatement(scene.databaseUrl, sandbox, period)
  const request = {
    period: { ...period, to: new Date(period.to.getTime() + HOUR_MS) },
    settings: { lagMs: 0 },
  }
  const { counts } = await scene.run(request)
  const after = await readOrdersWithAttempts(stores.database, partnerOf(seed))
  const lines = sandbox.ledger().length
  const matched = Object.values(counts.matched).reduce((sum, count) => sum + count, 0)
  const breaks = await rowsOf<{ text: string }>(
    scene.database,
    `SELECT concat_ws(' ', type, order_id, difference) AS text FROM breaks WHERE state = 'open'`,
  )
  const again = (await scene.run(request)).counts
  return {
    counts,
    struck: sandbox.faultLog().map(({ fault }) => fault),
    problems: [
      ...checkSandbox(after, sandbox, () => false).map(({ rule, what }) => `${rule}: ${what}`),
      ...(matched === lines ? [] : [`${matched} of ${lines} lines are matched`]),
      ...breaks.map(({ text }) => `a break without a cause: ${text}`),
      ...(again.settled.succeeded + again.settled.rejected + again.openBreaks === 0
        ? []
        : ['a second run found more']),
    ],
  }
}

describe(`seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1}`, () => {
  it('end without a doubt and without a break once the statement is there', async () => {
    const runs: Reconciled[] = []
    let next = FIRST_SEED
    const lane = async () => {
      while (next < FIRST_SEED + SEEDS) {
        const seed = next
        next += 1
        const run = await reconcileSeed(seed)
        const repeat = `repeat: FIRST_SEED=${seed} SEEDS=1 npx vitest run test/reconciliation/seeds`
        if (run.problems.length > 0) throw new Error([`seed ${seed}:`, ...run.problems, repeat].join('\n  '))
        runs.push(run)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    // A proof in which nothing happens proves nothing.
    if (SEEDS < 16) return
    const sum = (count: (run: Reconciled) => number) => runs.reduce((total, run) => total + count(run), 0)
    expect(
      sum(({ counts }) => counts.settled.succeeded),
      'doubts found',
    ).toBeGreaterThan(SEEDS)
    expect(
      sum(({ counts }) => counts.settled.rejected),
      'doubts proven absent',
    ).toBeGreaterThan(SEEDS / 4)
    const struck = new Set(runs.flatMap((run) => run.struck))
    // A sample is too short for the rarest of them.
    if (SEEDS < 40) expect(struck.size).toBeGreaterThan(FAULT_NAMES.length / 2)
    else expect([...struck].sort()).toEqual([...FAULT_NAMES].sort())
  }, 3_600_000)
})
