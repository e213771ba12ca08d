import { describe, expect, it } from 'vitest'
import { ABSENCE_CHECKS } from '../../src/reconciliation/absence.ts'
import type { StayReason } from '../../src/reconciliation/enums.ts'
import { reconcileWorlds } from './reconcile-worlds.ts'
import { worldsOf } from './true-statements.ts'

/** Ten thousand: `npm run proof:statements`. */
const STATEMENTS = 80
const SEED = Number(process.env.PROOF_SEED ?? 20_261_128)

describe.each([0, 60])('with a lag of %s minutes', (lagMinutes) => {
  it(`no statement that has every transaction makes an executed order one that was not executed, seed ${SEED}`, async () => {
    const worlds = worldsOf(SEED + lagMinutes, STATEMENTS, true, lagMinutes)
    const { executed, notExecuted, refused } = await reconcileWorlds(worlds, lagMinutes)
    expect(executed.rejected).toEqual([])
    // A proof in which nothing happens proves nothing.
    expect(executed.found).toBeGreaterThan(STATEMENTS / 4)
    expect(notExecuted.rejected).toBeGreaterThan(STATEMENTS / 20)
    expect(refused).toBeLessThan(STATEMENTS * 0.7)
  })
})

/** Which checks are left out. What speaks for an execution mostly speaks in more than one way, so they go together. */
const LINES: StayReason[] = ['candidate_unclear', 'wallet_unmatched', 'weight_unmatched', 'amount_unmatched']
const STATEMENT: StayReason[] = [
  ...(['statement_lacks_ours', 'times_shifted', 'times_contradict', 'wallets_contradict'] as const),
  ...(['kinds_contradict', 'no_witness', 'kind_unwitnessed'] as const),
]
const without = (left: readonly StayReason[]) => ABSENCE_CHECKS.filter((reason) => !left.includes(reason))

describe('without the checks', () => {
  it('of lines, of statements, or of both, statements that have every transaction reject executed orders', async () => {
    const mutants = {
      lines: without(LINES),
      statements: without([...STATEMENT, ...LINES.slice(1), 'match_unclear']),
      both: without([...LINES, ...STATEMENT, 'match_unclear']),
    }
    const { withoutChecks, executed } = await reconcileWorlds(
      worldsOf(SEED, 2 * STATEMENTS, false, 0),
      0,
      mutants,
    )
    expect(executed.rejected).toEqual([])
    expect(
      Object.values(withoutChecks).every((rejected) => rejected > 0),
      JSON.stringify(withoutChecks),
    ).toBe(true)
  })
})
