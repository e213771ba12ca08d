import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { type ChartAnswer, capturePrices, type Side } from '../../src/prices/capture.ts'
import { dayOfChart } from '../../src/prices/chart-day.ts'
import { readPrices } from '../../src/prices/queries.ts'
import { startPriceCapture } from '../../src/processes/scheduler/price-capture.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { WALLET } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let test: TestDatabase
let database: ReturnType<typeof openStores>['database']
beforeEach(async () => {
  test = await createTestDatabase()
  database = openStores(test.databaseUrl).database
})
afterEach(async () => {
  await database.close()
  await test.drop()
})

/** 06:00 in Jakarta, while the day before has not ended in London. */
const MORNING = new Date('2026-02-24T23:00:00Z')
const hours = (count: number) => new Date(MORNING.getTime() + count * 3_600_000)

/** A gateway whose chart has these days; it keeps what it was asked for. */
function gateway(charts: Partial<Record<Side, Record<string, number> | string>>) {
  const asked: Side[] = []
  const chart = async (side: Side): Promise<ChartAnswer> => {
    asked.push(side)
    const days = charts[side] ?? {}
    if (typeof days === 'string') return { is: 'trouble', message: days }
    return { is: 'answered', data: Object.entries(days).map(([date, value]) => ({ date, value })) }
  }
  return { asked, chart }
}

const TWO_DAYS = {
  buy: { '24 Feb 2026': 880_859, '25 Feb 2026': 883_380 },
  sell: { '24 Feb 2026': 845_624, '25 Feb 2026': 848_044 },
}

describe('capturing prices', () => {
  it('asks for both sides and keeps every day of the chart', async () => {
    const { asked, chart } = gateway(TWO_DAYS)
    expect(await capturePrices(database, { now: MORNING, chart })).toEqual([
      { is: 'captured', side: 'buy', days: 2 },
      { is: 'captured', side: 'sell', days: 2 },
    ])
    expect(asked).toEqual(['buy', 'sell'])
    expect(await readPrices(database, 30)).toEqual([
      { day: '2026-02-24', buy: '880859', sell: '845624' },
      { day: '2026-02-25', buy: '883380', sell: '848044' },
    ])
  })

  it('does nothing more on the same day in Jakarta, and asks again on the next', async () => {
    const first = gateway(TWO_DAYS)
    await capturePrices(database, { now: MORNING, chart: first.chart })
    await capturePrices(database, { now: hours(17), chart: first.chart })
    expect(first.asked).toHaveLength(2)
    const next = gateway({ buy: { '26 Feb 2026': 890_000 }, sell: {} })
    await capturePrices(database, { now: hours(18), chart: next.chart })
    expect(next.asked).toEqual(['buy', 'sell'])
    expect((await readPrices(database, 1))[0]).toEqual({ day: '2026-02-26', buy: '890000', sell: null })
  })

  it('never replaces a price that it has, and fills the days it has not', async () => {
    await capturePrices(database, { now: MORNING, chart: gateway(TWO_DAYS).chart })
    const later = { '23 Feb 2026': 870_000, '25 Feb 2026': 1, '26 Feb 2026': 890_000 }
    const { chart } = gateway({ buy: later, sell: {} })
    expect((await capturePrices(database, { now: hours(24), chart }))[0]).toMatchObject({ days: 2 })
    const buys = (await readPrices(database, 30)).map(({ day, buy }) => `${day} ${buy}`)
    expect(buys).toEqual(['2026-02-23 870000', '2026-02-24 880859', '2026-02-25 883380', '2026-02-26 890000'])
    await expect(
      database.run({ name: 'change', text: 'UPDATE prices SET rupiah_per_gram = 1' }, []),
    ).rejects.toThrow('append_only')
  })

  it('keeps one side when the other fails, and asks for that one only again', async () => {
    const half = gateway({ ...TWO_DAYS, sell: 'HTTP 502' })
    expect(await capturePrices(database, { now: MORNING, chart: half.chart })).toEqual([
      { is: 'captured', side: 'buy', days: 2 },
      { is: 'failed', side: 'sell', message: 'HTTP 502' },
    ])
    const whole = gateway(TWO_DAYS)
    await capturePrices(database, { now: hours(1), chart: whole.chart })
    expect(whole.asked).toEqual(['sell'])
  })

  it.each([
    ['a date that is none', { '30 Feb 2026': 880_859 }],
    ['another way to write dates', { '2026-02-25': 880_859 }],
    ['a price of nothing', { '25 Feb 2026': 0 }],
  ])('keeps nothing of a chart with %s', async (_what, buy) => {
    const { chart } = gateway({ ...TWO_DAYS, buy: { ...TWO_DAYS.buy, ...buy } })
    const [outcome] = await capturePrices(database, { now: MORNING, chart })
    expect(outcome).toMatchObject({ is: 'failed', side: 'buy' })
    expect((await readPrices(database, 30)).map(({ buy: price }) => price)).toEqual([null, null])
  })

  it('by several at once keeps each day once', async () => {
    const { chart } = gateway(TWO_DAYS)
    const outcomes = await Promise.all([1, 2, 3].map(() => capturePrices(database, { now: MORNING, chart })))
    const days = outcomes.flat().map((outcome) => (outcome.is === 'captured' ? outcome.days : 0))
    expect(days.reduce((sum, count) => sum + count, 0)).toBe(4)
  })

  it('works against the sandbox through the real client, again after a failure, and stops', async () => {
    const sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 1, goldWeight: 1 } })
    const client = openTestClient(sandbox.url)
    let asked = 0
    const chart = async (side: Side): Promise<ChartAnswer> => {
      asked += 1
      if (asked === 1) throw new Error('the first call fails')
      return await client.chart(side, WALLET)
    }
    const capture = startPriceCapture({ databaseUrl: test.databaseUrl, chart, log: silentLog, everyMs: 1 })
    const prices = await eventually(async () => {
      const days = await readPrices(database, 30)
      return days.length === 7 && days.every(({ buy, sell }) => buy !== null && sell !== null) ? days : null
    })
    expect(Number(prices[0]?.buy)).toBeGreaterThan(Number(prices[0]?.sell))
    await capture.stop()
    client.close()
    await sandbox.stop()
  })
})

describe('a day of the chart', () => {
  it.each([
    ['09 Feb 2021', '2021-02-09'],
    ['29 Feb 2024', '2024-02-29'],
    ['06 Feb \n2021', '2021-02-06'],
    ['31 dec 2026', '2026-12-31'],
  ])('%s is %s', (written, day) => {
    expect(dayOfChart(written)).toBe(day)
  })

  it.each(['', '9 Feb 2021', '29 Feb 2025', '00 Jan 2026', '09 Mei 2021', '2021-02-09', '09 Feb 1921'])(
    '%s is none',
    (written) => {
      expect(dayOfChart(written)).toBeNull()
    },
  )
})
