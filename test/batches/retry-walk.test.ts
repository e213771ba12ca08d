import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approveBatch, runBatch } from '../../src/batches/commands.ts'
import { retryBatch } from '../../src/batches/retry.ts'
import {
  ANI,
  aPrefix,
  type BatchScene,
  BUDI,
  buysFile,
  FAST,
  openBatchScene,
} from '../support/scenes/batch-scene.ts'

const ROWS = 500
const FAILURES = 31

let scene: BatchScene
beforeAll(async () => {
  scene = await openBatchScene()
})
afterAll(async () => {
  await scene?.close()
})

/** Feeds a batch until it has finished. Orders whose row fails are rejected, all others succeed. */
async function finish(batchId: number, fails: (row: number) => boolean) {
  for (let turn = 0; turn < 200; turn += 1) {
    const woken = await scene.feed()
    const found = await scene.rows<{ id: string; row: number }>(
      'SELECT order_id::text AS id, row_number AS row FROM batch_rows WHERE batch_id = $1 AND order_id = ANY($2)',
      [batchId, woken],
    )
    const idsOf = (isFailure: boolean) =>
      found.filter(({ row }) => fails(row) === isFailure).map(({ id }) => id)
    for (const [isFailure, outcome] of [
      [true, 'rejected'],
      [false, 'succeeded'],
    ] as const)
      if (idsOf(isFailure).length > 0) await scene.end(idsOf(isFailure), outcome)
    if ((await scene.progress(batchId)).state === 'finished') return
    await scene.elapse(batchId)
  }
  throw new Error('the batch does not finish')
}

describe('a batch of 500 rows of which 31 failed', () => {
  it('is retried so that every instruction is executed once', async () => {
    const prefix = aPrefix()
    const batchId = await scene.batchIn('running', buysFile(ROWS, prefix))
    await finish(batchId, (row) => row <= FAILURES)
    expect(await scene.progress(batchId)).toMatchObject({
      outcomes: { succeeded: ROWS - FAILURES, rejected: FAILURES },
    })

    const retry = () =>
      scene.inSession((session) => retryBatch(session, batchId, { reasons: null, deadline: null }, ANI))
    const made = await retry()
    if (made.is !== 'done') throw new Error(made.message)
    expect(made).toMatchObject({ rows: FAILURES, left: { succeeded: ROWS - FAILURES } })
    await scene.inSession(async (session) => {
      expect(await approveBatch(session, made.batchId, ANI, false)).toMatchObject({ why: 'second_person' })
      await approveBatch(session, made.batchId, BUDI, false)
      await runBatch(session, made.batchId, FAST, ANI)
    })
    await finish(made.batchId, () => false)
    expect(await scene.progress(made.batchId)).toMatchObject({ outcomes: { succeeded: FAILURES } })

    // Each of the file's references, or its one retry, and none twice.
    const done = await scene.rows<{ reference: string }>(
      `SELECT regexp_replace(reference, '-retry-1$', '') AS reference FROM orders WHERE state = 'succeeded'`,
    )
    expect(done).toHaveLength(ROWS)
    expect(new Set(done.map(({ reference }) => reference))).toEqual(
      new Set(Array.from({ length: ROWS }, (_, n) => `${prefix}-${n + 1}`)),
    )
    expect(await retry()).toMatchObject({ is: 'refused', why: 'state' })
  })
})
