import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChartAnswer, capturePrices, type Side } from '../../src/prices/capture.ts'
import { findNewestPrices } from '../../src/prices/newest-prices.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let test: TestDatabase
let database: ReturnType<typeof openStores>['database']
beforeAll(async () => {
  test = await createTestDatabase()
  database = openStores(test.databaseUrl).database
})
afterAll(async () => {
  await database?.close()
  await test?.drop()
})

const answered = (...values: number[]): ChartAnswer => ({
  is: 'answered',
  data: values.map((value, day) => ({ date: `2${day} Feb 2026`, value })),
})
const trouble: ChartAnswer = { is: 'trouble', message: 'timeout' }
const saying = (charts: Record<Side, ChartAnswer>) => async (side: Side) => charts[side]

describe('the newest prices', () => {
  it('are unknown when nobody can be asked and nothing was captured', async () => {
    expect(await findNewestPrices(database, null)).toEqual({ buy: null, sell: null })
    const dead = saying({ buy: trouble, sell: answered() })
    expect(await findNewestPrices(database, dead)).toEqual({ buy: null, sell: null })
  })

  describe('when a scheduler has captured some', () => {
    const MORNING = new Date('2026-02-23T23:00:00Z')
    const EVENING = new Date('2026-02-24T09:00:00Z')
    const buy = { from: 'captured', rupiah: 880_500, day: '2026-02-22', capturedAt: MORNING }
    const sell = { from: 'captured', rupiah: 845_000, day: '2026-02-20', capturedAt: EVENING }
    beforeAll(async () => {
      const first = saying({ buy: answered(880_000, 880_900, 880_500), sell: trouble })
      await capturePrices(database, { now: MORNING, chart: first })
      const second = saying({ buy: trouble, sell: answered(845_000) })
      await capturePrices(database, { now: EVENING, chart: second })
    })

    it.each([
      ['that cannot be asked', null],
      ['that is in trouble', saying({ buy: trouble, sell: trouble })],
      ['whose chart is empty', saying({ buy: answered(), sell: answered() })],
    ])('are the newest day’s of each side, for a gateway %s', async (_what, ask) => {
      expect(await findNewestPrices(database, ask)).toEqual({ buy, sell })
    })

    it('are the gateway’s own where it tells them', async () => {
      const half = saying({ buy: answered(1, 890_000), sell: trouble })
      expect(await findNewestPrices(database, half)).toEqual({
        buy: { from: 'gateway', rupiah: 890_000 },
        sell,
      })
      const whole = saying({ buy: answered(890_000), sell: answered(850_000) })
      expect(await findNewestPrices(database, whole)).toEqual({
        buy: { from: 'gateway', rupiah: 890_000 },
        sell: { from: 'gateway', rupiah: 850_000 },
      })
    })
  })
})
