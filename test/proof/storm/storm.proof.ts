import { expect, it } from 'vitest'
import { testRedis } from '../../support/servers/redis.ts'
import { brokenRules, reportOf } from './report.ts'
import { leaveSignalsToMain, progress, requested } from './requested.ts'
import { runStorm } from './storm.ts'

const { orders, seed, backends } = requested()
const redis = testRedis()
leaveSignalsToMain()

it.for(backends)(
  'on the %s queue: no order is lost, doubled or left open, and every doubt ends',
  async (backend, { signal }) => {
    if (backend === 'redis' && 'skip' in redis) throw new Error(`no storm on Redis: ${redis.skip}`)
    const result = await runStorm({ backend, orders, seed, signal, onProgress: progress(backend) })
    process.stdout.write(reportOf(result))
    expect(brokenRules(result.problems)).toEqual([])
  },
)
