import { expect, it } from 'vitest'
import { type Outcome, reconcileWorlds } from '../reconciliation/reconcile-worlds.ts'
import { worldsOf } from '../reconciliation/true-statements.ts'

const STATEMENTS = Number(process.env.PROOF_STATEMENTS ?? 10_000)
const SEED = Number(process.env.PROOF_SEED ?? 1)
/** Of one database. */
const PER_ROUND = 500

const LANES = 2

it(`none of ${STATEMENTS} statements that have every transaction makes an executed order one that was not executed`, async () => {
  const total = { statements: 0, refused: 0, found: 0, stayed: 0, absent: 0 }
  const rounds = Math.ceil(STATEMENTS / PER_ROUND)
  let next = 0
  const lane = async () => {
    while (next < rounds) {
      const round = next
      next += 1
      const lagMinutes = [0, 60, 5][round % 3] ?? 60
      const worlds = worldsOf(
        SEED + round,
        Math.min(PER_ROUND, STATEMENTS - round * PER_ROUND),
        true,
        lagMinutes,
      )
      const outcome = await reconcileWorlds(worlds, lagMinutes)
      expect(outcome.executed.rejected, `seed ${SEED + round}, lag ${lagMinutes}`).toEqual([])
      add(total, outcome)
      console.log(`seed ${SEED + round}, lag ${lagMinutes}: ${JSON.stringify(total)}`)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  expect(total.found).toBeGreaterThan(STATEMENTS / 4)
  // A proof in which no absence is proven proves nothing.
  expect(total.absent).toBeGreaterThan(STATEMENTS / 20)
}, 7_200_000)

function add(
  total: Record<'statements' | 'refused' | 'found' | 'stayed' | 'absent', number>,
  outcome: Outcome,
) {
  total.statements += outcome.statements
  total.refused += outcome.refused
  total.found += outcome.executed.found
  total.stayed += Object.values(outcome.executed.stayed).reduce((sum, count) => sum + count, 0)
  total.absent += outcome.notExecuted.rejected
}
