import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  aRecordedOrder,
  lineOf,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../support/factories/recorded-orders.ts'
import { openScene } from '../support/scenes/recon-scene.ts'

let scene: Awaited<ReturnType<typeof openScene>>
beforeAll(async () => {
  scene = await openScene()
})
afterAll(async () => {
  await scene?.close()
})

/** Records transactions that belong to no order: a break each. */
async function recordStrangers(count: number) {
  const lines = Array.from({ length: count }, () => lineOf(aRecordedOrder()))
  await recordStatement(scene.databaseUrl, lines)
}

describe('numbers', () => {
  it('of runs and breaks have no gap after dry runs, and after runs that find the same again', async () => {
    await recordOrders(scene.databaseUrl, [aRecordedOrder()])
    const runs: string[] = []
    for (let day = 0; day < 3; day += 1) {
      await recordStrangers(3)
      for (let times = 0; times < 2; times += 1) {
        await scene.run({ dryRun: true })
        runs.push((await scene.run()).runId)
      }
    }
    expect(runs).toEqual(['1', '2', '3', '4', '5', '6'])
    const breaks = await rowsOf<{ id: number }>(scene.database, 'SELECT id FROM breaks ORDER BY id')
    expect(breaks.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})
