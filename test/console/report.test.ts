import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { startTestConsole, type TestConsole } from '../support/servers/console.ts'

let scene: Scene
let here: TestConsole
beforeAll(async () => {
  scene = await openScene()
  here = await startTestConsole({ databaseUrl: scene.databaseUrl })
})
afterAll(async () => {
  await here?.stop()
  await scene?.close()
})

const report = async (query = '', path = '/reconciliation/report') =>
  await here.ask('GET', `${path}${query}`, { as: await here.as('oka') })

/** The report as CSV, without the times at which it was made. */
const csv = async (query: string) =>
  (await report(query, '/reconciliation/report.csv')).text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')

describe('the report on the console', () => {
  it('is of nothing while there is no statement', async () => {
    expect((await report()).status).toBe(200)
  })

  it('is of the newest day that statements are about, where none is asked for', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const twoDays = { ...DAY, from: new Date(DAY.from.getTime() - 86_400_000) }
    await recordStatement(scene.databaseUrl, [lineOf(order)], { period: twoDays })
    const { text } = await report()
    expect(text).toContain('name="period" value="2026-02-09"')
    const [asked, unasked] = await Promise.all(['?period=2026-02-09', ''].map(csv))
    expect(unasked).toEqual(asked)
  })

  it('is of the period that is asked for', async () => {
    expect((await report('?period=2026-02-01..2026-02-28')).text).toContain('value="2026-02-01..2026-02-28"')
  })

  it.each(['/reconciliation/report', '/reconciliation/report.csv'])(
    'says what a period is where %s is asked for none',
    async (path) => {
      const reply = await report('?period=yesterday', path)
      expect(reply.status).toBe(400)
      expect(reply.text).toContain('the period must be a day such as 2026-02-09')
    },
  )
})
