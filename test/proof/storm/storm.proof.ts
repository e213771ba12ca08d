import { expect, it } from 'vitest'
import { testRedis } from '../../support/servers/redis.ts'
import { brokenRules, reportOf } from './report.ts'
import { progress, requested, stopSignal } from './requested.ts'
import { runStorm } from './storm.ts'

const asked = requested()
const { orders, seed, backends } = asked
const redis = testRedis()
const signal = stopSignal(asked)

it.for(backends)(
  'on the %s queue: no order is lost, doubled or left open, and every doubt ends',
  async (backend) => {
    signal.throwIfAborted()
    if (backend === 'redis' && 'skip' in redis) throw new Error(`no storm on Redis: ${redis.skip}`)
    const result = await runStorm({ backend, orders, seed, signal, onProgress: progress(backend) })
    process.stdout.write(reportOf(result))
    expect(brokenRules(result.problems)).toEqual([])
  },
)
