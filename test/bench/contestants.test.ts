import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

const here = (file: string) => new URL(`../../bench/${file}`, import.meta.url)
const { CONTESTANTS } = await import(here('contestants/contestants.mjs').href)
const { runContestant } = await import(here('contestants/run-contestant.mjs').href)

/** Whose CPU nobody reads. */
const SERVERS = { postgres: { cpuSeconds: () => null, async checkpoint() {} }, redis: null }

let gateway: ReturnType<typeof fork>
let gatewayUrl: string
let database: TestDatabase

beforeAll(async () => {
  gateway = fork(fileURLToPath(here('servers/instant-gateway.mjs')), [], { execArgv: [] })
  const [message] = (await once(gateway, 'message')) as [{ url: string }]
  gatewayUrl = message.url
  database = await createTestDatabase()
})

afterAll(async () => {
  gateway.disconnect()
  await database.drop()
})

describe('a contestant of the benchmark', () => {
  // One of each kind that needs no Redis.
  it.each(['undici', 'goldpro-postgres', 'graphile', 'noop-postgres'])(
    '%s takes all orders',
    async (name) => {
      const place = { databaseUrl: database.databaseUrl, redisUrl: null, gatewayUrl, concurrency: 4 }
      await (await CONTESTANTS[name].load()).prepare(place)
      const figures = await runContestant(name, place, SERVERS, { orders: 10 })
      expect(figures).toMatchObject({ postgresCpuMicros: null, redisCpuMicros: null })
      for (const key of ['perSecond', 'workerCpuMicros', 'peakMiB'])
        expect(figures[key], key).toBeGreaterThan(0)
      if (name === 'noop-postgres') expect(figures.p50Ms).toBeNull()
      else expect(figures.p50Ms).toBeGreaterThan(0)
    },
  )
})
