import { afterAll, describe, expect, it } from 'vitest'
import { queueBackends, type TestQueue } from '../support/servers/queue-backends.ts'
import { killBatch } from './kill-batch.mjs'

const ROWS = Number(process.env.PROOF_ROWS ?? 5_000)
const SEED = Number(process.env.PROOF_SEED ?? Date.now() % 1_000_000)

describe.each(queueBackends())('with the queue in $name', ({ name, start, skip }) => {
  const places: TestQueue[] = []
  afterAll(async () => {
    await Promise.all(places.map((place) => place.stop()))
  })

  it.skipIf(skip !== undefined)(
    `a batch of ${ROWS} rows, its schedulers and workers killed and frozen at random, gives each row one order`,
    async () => {
      const place = await start()
      places.push(place)
      const { databaseUrl, redisUrl } = place
      const killed = await killBatch({ databaseUrl, redisUrl, rows: ROWS, seed: SEED, ratePerSecond: 200 })
      console.log(`${name}, seed ${SEED}:`, JSON.stringify(killed))
      expect(killed.problems).toEqual([])
      const { succeeded = 0, in_doubt = 0, rejected = 0, expired = 0 } = killed.outcomes
      expect(succeeded + in_doubt).toBe(ROWS)
      expect([rejected, expired]).toEqual([0, 0])
    },
    3_600_000,
  )
})
