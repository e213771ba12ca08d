import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { raiseAlerts } from '../../src/alerts/raise.ts'
import { openPlanScene } from '../support/scenes/plan-scene.ts'
import { close } from '../support/scenes/two-people-switch.ts'

let scene: Awaited<ReturnType<typeof openPlanScene>>
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene?.close()
})

const MOVES = {
  run: `state = 'running', reason = 'run_by_person', rate_per_second = 10`,
  resume: `state = 'running', reason = 'resumed_by_person'`,
  stop: `state = 'paused', reason = 'too_many_failures'`,
  pause: `state = 'paused', reason = 'paused_by_person'`,
  finish: `state = 'finished', reason = 'every_row_ended'`,
} as const

const move = (batchId: number, name: keyof typeof MOVES) =>
  scene.run(`UPDATE batches SET ${MOVES[name]}, actor = 'worker:test' WHERE id = $1`, [batchId])

const count = (batchId: number, failed: number) =>
  scene.run('UPDATE batches SET fed_count = 3, ended_count = 3, failed_count = $2 WHERE id = $1', [
    batchId,
    failed,
  ])

/** What operations were told of so far: the kind, the batch and the reason. */
async function told(): Promise<string[]> {
  await raiseAlerts(scene.database)
  const rows = await scene.run<{ kind: string; facts: { items: { batch: number; reason?: string }[] } }>(
    `SELECT kind, facts FROM alerts WHERE kind LIKE 'batch.%' ORDER BY at`,
  )
  return rows.flatMap(({ kind, facts }) =>
    facts.items.map(({ batch, reason }) => `${kind} ${batch}${reason === undefined ? '' : ` ${reason}`}`),
  )
}

describe('operations', () => {
  it('are told once of a batch that finished with failures, and not of one that ended well', async () => {
    const [bad, good] = [await scene.batch(), await scene.batch()]
    for (const [batchId, failed] of [
      [bad, 1],
      [good, 0],
    ] as const) {
      await move(batchId, 'run')
      await count(batchId, failed)
      expect(await told()).toEqual(batchId === bad ? [] : [`batch.finished ${bad}`])
      await move(batchId, 'finish')
      expect(await told()).toEqual([`batch.finished ${bad}`])
    }
  })

  it('are told each time that a batch stops by itself, and not when a person pauses it', async () => {
    const batchId = await scene.batch()
    await move(batchId, 'run')
    await move(batchId, 'pause')
    expect(await told()).toEqual([])
    await move(batchId, 'resume')
    await move(batchId, 'stop')
    const once = [`batch.stopped ${batchId} too_many_failures`]
    expect(await told()).toEqual(once)
    expect(await told()).toEqual(once)
    await move(batchId, 'resume')
    await move(batchId, 'stop')
    expect(await told()).toEqual([...once, ...once])
  })

  it('are told of a running batch whose own switch was closed', async () => {
    const batchId = await scene.batch()
    await move(batchId, 'run')
    await close(scene.databaseUrl, `batch:${batchId}`)
    expect(await told()).toEqual([`batch.stopped ${batchId} switch_closed`])
    expect(await told()).toHaveLength(1)
  })
})
