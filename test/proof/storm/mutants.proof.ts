import { expect, it } from 'vitest'
import { testRedis } from '../../support/servers/redis.ts'
import type { StormRule } from './checks.ts'
import { brokenRules, reportOf } from './report.ts'
import { progress, requested, stopSignal } from './requested.ts'
import { runStorm } from './storm.ts'

/** The rule that each mutant must break, whatever else it breaks. */
const BREAKS: Readonly<Record<string, StormRule>> = {
  no_fence: 'wallet_executed_at_most_once',
  retry_on_doubt: 'wallet_executed_at_most_once',
  send_before_intent: 'execution_has_an_intent',
  swapped_verdicts: 'success_was_executed',
}

const asked = requested()
const { orders, seed, backends, mutants } = asked
const redis = testRedis()
const signal = stopSignal(asked)

const runs = mutants.flatMap((mutant) => backends.map((backend) => ({ mutant, backend })))

it.for(runs)('$mutant on the $backend queue fails the proof', async ({ mutant, backend }) => {
  signal.throwIfAborted()
  if (backend === 'redis' && 'skip' in redis) throw new Error(`no storm on Redis: ${redis.skip}`)
  const name = `${mutant} on ${backend}`
  const result = await runStorm({ backend, orders, seed, mutant, signal, onProgress: progress(name) })
  process.stdout.write(`${mutant}: ${reportOf(result)}`)
  expect(brokenRules(result.problems)).toContain(BREAKS[mutant])
})
