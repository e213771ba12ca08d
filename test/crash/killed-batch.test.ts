import { afterAll, describe, expect, it } from 'vitest'
import { killBatch } from '../proof/kill-batch.mjs'
import { queueBackends, type TestQueue } from '../support/servers/queue-backends.ts'

/** More: `npm run proof:batch`. */
const ROWS = 80

describe.each(queueBackends())('with the queue in $name', ({ start, skip }) => {
  if (skip !== undefined) {
    it.skip(`is not tried: ${skip}`)
    return
  }

  const places: TestQueue[] = []
  afterAll(async () => {
    await Promise.all(places.map((place) => place.stop()))
  })

  it('a batch whose schedulers and workers are killed and frozen at random gives each row one order and finishes', async () => {
    const place = await start()
    places.push(place)
    const { problems, outcomes, kills, executed } = await killBatch({
      ...{ databaseUrl: place.databaseUrl, redisUrl: place.redisUrl },
      ...{ rows: ROWS, seed: 4, ratePerSecond: 50 },
    })
    expect(problems).toEqual([])
    expect(kills).toBeGreaterThan(0)
    const { succeeded = 0, in_doubt = 0, ...others } = outcomes
    expect(succeeded + in_doubt).toBe(ROWS)
    expect(others).toEqual({})
    expect(executed).toBeGreaterThanOrEqual(succeeded)
    expect(executed).toBeLessThanOrEqual(ROWS)
  })
})
