import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type RunningWorker, startWorker } from '../../src/processes/worker.ts'
import { scriptedGateway, silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { type OwnRedis, startOwnRedis, testRedis } from '../support/servers/redis.ts'
import { aBuy, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

const program = testRedis()

describe.skipIf('skip' in program)(
  `the API with its queue in Redis${'skip' in program ? ` (${program.skip})` : ''}`,
  () => {
    let redis: OwnRedis
    let here: TestWeb
    let worker: RunningWorker
    beforeAll(async () => {
      redis = await startOwnRedis()
      here = await startTestWeb({ redisUrl: redis.url })
      worker = startWorker({
        ...{
          databaseUrl: here.databaseUrl,
          redisUrl: redis.url,
          gateway: scriptedGateway({}),
          log: silentLog,
        },
        ...{
          callTimeoutMs: 2_000,
          concurrency: 4,
          ratePerSecond: null,
          maxRequotes: 2,
          quoteMaxAgeMs: 10_000,
        },
        name: 'test',
        // Nothing is swept: what runs was woken by the API.
        pace: { sweepEveryMs: 600_000, wakeAgainMs: 600_000, lockDurationMs: 30_000 },
      })
    })
    afterAll(async () => {
      await worker?.stop()
      await here?.stop()
      await redis?.stop()
    })

    it('wakes a worker, and answers who waits', async () => {
      const { key } = await here.partner()
      const reply = await here.ask('POST', '/v1/orders?wait=60', { key, body: aBuy() })
      expect([reply.status, reply.json.state]).toEqual([202, 'succeeded'])
      await eventually(async () => ((await here.ask('GET', '/readyz')).json.queue === 'up' ? true : null))
    })

    it('accepts orders while Redis is down, and has them run when it is back', async () => {
      const { key } = await here.partner()
      const { port } = new URL(redis.url)
      await redis.stop()
      await eventually(async () => ((await here.ask('GET', '/readyz')).json.queue === 'down' ? true : null))
      const replies = await Promise.all(
        [1, 2, 3].map(() => here.ask('POST', '/v1/orders', { key, body: aBuy() })),
      )
      expect(replies.map(({ status, json }) => [status, json.state])).toEqual(
        replies.map(() => [202, 'accepted']),
      )
      redis = await startOwnRedis(Number(port))
      const sweeping = startWorker({
        ...{
          databaseUrl: here.databaseUrl,
          redisUrl: redis.url,
          gateway: scriptedGateway({}),
          log: silentLog,
        },
        ...{
          callTimeoutMs: 2_000,
          concurrency: 1,
          ratePerSecond: null,
          maxRequotes: 2,
          quoteMaxAgeMs: 10_000,
        },
        name: 'sweeping',
        pace: { sweepEveryMs: 100, wakeAgainMs: 1_000, lockDurationMs: 30_000 },
      })
      onTestFinished(() => sweeping.stop())
      // A sweeper takes an order for forgotten a minute after it was accepted: these were accepted long ago.
      await here.database.run(unnamed(`UPDATE orders SET wake_at = now() WHERE state = 'accepted'`), [])
      for (const { json } of replies)
        await eventually(async () => {
          const read = await here.ask('GET', `/v1/orders/${json.id}`, { key })
          return read.json.state === 'succeeded' ? true : null
        })
      expect((await here.ask('GET', '/readyz')).json.queue).toBe('up')
      // The connections that were open before it went down work again too.
      const woken = await here.ask('POST', '/v1/orders?wait=60', { key, body: aBuy() })
      expect(woken.json.state).toBe('succeeded')
    })
  },
)
