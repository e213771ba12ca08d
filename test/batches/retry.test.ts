import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approveBatch, cancelBatch, runBatch } from '../../src/batches/commands.ts'
import { readBatchEvents } from '../../src/batches/queries.ts'
import { retryBatch } from '../../src/batches/retry.ts'
import { RETRY_REASONS } from '../../src/batches/retry-reasons.ts'
import { retryReference } from '../../src/batches/retry-references.ts'
import type { RetryChoice } from '../../src/batches/retry-rows.ts'
import { readOrderOrigins } from '../../src/plans/order-origins.ts'
import { constraintOf } from '../support/constraint.ts'
import { eventually } from '../support/eventually.ts'
import {
  ANI,
  aPrefix,
  type BatchScene,
  BUDI,
  buysFile,
  FAST,
  openBatchScene,
  walletOfRow,
  withdrawalFile,
} from '../support/scenes/batch-scene.ts'
import { unnamed } from '../support/unnamed.ts'

let scene: BatchScene
beforeAll(async () => {
  scene = await openBatchScene()
})
afterAll(async () => {
  await scene?.close()
})

const ALL: RetryChoice = { reasons: null, deadline: null }
const retry = (batchId: number, choice: Partial<RetryChoice> = {}, person = ANI) =>
  scene.inSession((session) => retryBatch(session, batchId, { ...ALL, ...choice }, person))

/** The number of the batch that a retry made. */
async function retried(batchId: number, choice: Partial<RetryChoice> = {}): Promise<number> {
  const result = await retry(batchId, choice)
  if (result.is !== 'done') throw new Error(result.message)
  return result.batchId
}

const rowsOf = (batchId: number) =>
  scene.rows<{ reference: string; order: string | null }>(
    'SELECT reference, order_id AS "order" FROM batch_rows WHERE batch_id = $1 ORDER BY row_number',
    [batchId],
  )

/** A running batch whose orders ended with these outcomes, in the order of the file; null: not ended. */
async function ended(outcomes: readonly (Parameters<BatchScene['end']>[1] | null)[], prefix = aPrefix()) {
  const batchId = await scene.batchIn('running', buysFile(outcomes.length, prefix))
  await endRows(batchId, outcomes)
  return { batchId, prefix }
}

async function endRows(batchId: number, outcomes: readonly (Parameters<BatchScene['end']>[1] | null)[]) {
  await scene.feed()
  for (const [position, { order }] of (await rowsOf(batchId)).entries()) {
    const outcome = outcomes[position]
    if (outcome != null && order !== null) await scene.end([order], outcome)
  }
}

/** Approves and runs a batch, and ends its orders. */
async function runWith(batchId: number, outcomes: readonly (Parameters<BatchScene['end']>[1] | null)[]) {
  await scene.inSession(async (session) => {
    await approveBatch(session, batchId, BUDI, false)
    await runBatch(session, batchId, FAST, ANI)
  })
  await endRows(batchId, outcomes)
}

/** Writes what triggers let nobody write. */
const write = (text: string, values: readonly unknown[]) =>
  scene.inSession((session) =>
    session.transaction(async () => {
      await session.run(unnamed('SET LOCAL session_replication_role = replica'))
      await session.run(unnamed(text), values)
    }),
  )

/** Notes that a statement contradicts an order's state, as a run of reconciliation does. */
const contradict = (orderId: string | null | undefined) =>
  write(
    `INSERT INTO breaks (key, type, order_id, rupiah_at_risk, grams_at_risk, difference, state, due_at, reason, actor)
     VALUES ($1, 'state_conflict', $2, 1, 0, '{}', 'open', now(), 'found', 'test')`,
    [randomUUID(), orderId],
  )

describe('a retry', () => {
  it('orders the rows that failed again, under derived references, and stores the link', async () => {
    const { batchId, prefix } = await ended(['rejected', 'succeeded', 'rejected'])
    const made = await retry(batchId)
    expect(made).toMatchObject({ is: 'done', rows: 2, left: { succeeded: 1 } })
    const retryId = made.is === 'done' ? made.batchId : 0
    const references = (await rowsOf(retryId)).map(({ reference }) => reference)
    expect(references).toEqual([`${prefix}-1-retry-1`, `${prefix}-3-retry-1`])
    expect(await scene.progress(retryId)).toMatchObject({ state: 'checked', retryOf: batchId })
    const [first] = await rowsOf(batchId)
    expect((await readOrderOrigins(scene.database, first?.order ?? '')).retries).toEqual([
      { batchId: retryId, rowNumber: 1 },
    ])
    await runWith(retryId, ['succeeded', 'succeeded'])
    const [again] = await rowsOf(retryId)
    expect((await readOrderOrigins(scene.database, again?.order ?? '')).batchRows).toMatchObject([
      { batchId: retryId, rowNumber: 1, retriedBatchId: batchId, retriedRowNumber: 1 },
    ])
    expect(await scene.progress(retryId)).toMatchObject({ outcomes: { succeeded: 2 } })
  })

  it('is approved by another person than its creator', async () => {
    const { batchId } = await ended(['rejected'])
    const retryId = await retried(batchId)
    const alone = await scene.inSession((session) => approveBatch(session, retryId, ANI, false))
    expect(alone).toMatchObject({ is: 'refused', why: 'second_person' })
  })

  it('never takes a row in doubt, held, under way or not sent', async () => {
    const { batchId } = await ended(['in_doubt', null, null])
    const [, held] = await rowsOf(batchId)
    const move = { orderId: held?.order ?? '', reason: 'held_by_person', actor: 'person:test', detail: null }
    await scene.store.move('hold', [move] as never)
    expect(await retry(batchId)).toMatchObject({
      is: 'refused',
      message: expect.stringMatching(/1 in doubt.*; 1 held; 1 under way/),
    })
    expect(await retry(await scene.batchIn('checked'))).toMatchObject({ is: 'refused' })
  })

  it('takes a row once, also when two people retry the batch at once', async () => {
    const { batchId } = await ended(['rejected', 'rejected'])
    const results = await Promise.all([retry(batchId), retry(batchId, {}, BUDI), retry(batchId)])
    expect(results.map(({ is }) => is).sort()).toEqual(['done', 'refused', 'refused'])
    expect(results.find(({ is }) => is === 'refused')).toMatchObject({
      message: expect.stringContaining('2 retried already'),
    })
  })

  it('takes an order once, also when it is retried through two batches at once', async () => {
    const { batchId, prefix } = await ended(['rejected'])
    const second = await retried(batchId)
    await runWith(second, ['rejected'])
    // Both have read that the order may be retried before either may store it.
    const both = await scene.inSession(async (session) =>
      session.transaction(async () => {
        await session.run(unnamed('LOCK TABLE batch_retries IN SHARE MODE'))
        const retries = [retry(batchId), retry(second)]
        await eventually(async () => {
          const text = `SELECT 1 FROM pg_locks WHERE relation = 'batch_retries'::regclass AND NOT granted`
          return (await session.run(unnamed(text))).length === 2 ? true : null
        })
        return { retries }
      }),
    )
    const results = await Promise.all(both.retries)
    expect(results.map(({ is }) => is).sort()).toEqual(['done', 'refused'])
    expect(results.find(({ is }) => is === 'refused')).toMatchObject({
      message: expect.stringContaining('another person has just retried'),
    })
    const third = results.find(({ is }) => is === 'done') as { batchId: number }
    expect((await rowsOf(third.batchId)).map(({ reference }) => reference)).toEqual([`${prefix}-1-retry-2`])
  })

  it('takes a row again once the order of its retry failed, or its retry was cancelled', async () => {
    const { batchId, prefix } = await ended(['rejected', 'rejected'])
    const second = await retried(batchId)
    await runWith(second, ['rejected', 'succeeded'])
    const third = await retried(second)
    expect(await retry(batchId)).toMatchObject({ is: 'refused' })
    expect((await rowsOf(third)).map(({ reference }) => reference)).toEqual([`${prefix}-1-retry-2`])
    await scene.inSession((session) => cancelBatch(session, third, ANI))
    const fourth = await retried(batchId)
    expect((await rowsOf(fourth)).map(({ reference }) => reference)).toEqual([`${prefix}-1-retry-3`])
  })

  it('takes the next number when an order has the reference already', async () => {
    const prefix = aPrefix()
    const own = `${prefix}-1-retry-1`
    const file = `${buysFile(1, prefix)}buy,acme,${own},${walletOfRow(prefix, 2)},0.5\n`
    const batchId = await scene.batchIn('running', file)
    await endRows(batchId, ['rejected', 'rejected'])
    const references = (await rowsOf(await retried(batchId))).map(({ reference }) => reference)
    expect(references).toEqual([`${prefix}-1-retry-2`, `${own}-retry-1`])
  })

  it('of chosen reasons only', async () => {
    const { batchId } = await ended(['rejected'])
    expect(await retry(batchId, { reasons: ['expired'] })).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('1 failed for other reasons'),
    })
    expect(await retry(batchId, { reasons: ['rejected'] })).toMatchObject({ is: 'done', rows: 1 })
    expect(RETRY_REASONS).toEqual(expect.arrayContaining(['expired', 'insufficient_balance', 'price_limit']))
  })

  it('leaves withdrawals out, whose KTP number and address were erased', async () => {
    const batchId = await scene.batchIn('running', withdrawalFile())
    await endRows(batchId, ['rejected'])
    expect(await retry(batchId)).toMatchObject({ message: expect.stringContaining('withdrawals') })
  })

  it('gives rows whose deadline has passed a new one, or leaves them out', async () => {
    const { batchId } = await ended(['rejected'])
    await write(`UPDATE batch_rows SET deadline_at = now() WHERE batch_id = $1`, [batchId])
    expect(await retry(batchId)).toMatchObject({ message: expect.stringContaining('deadline') })
    const deadline = new Date(Date.now() + 3_600_000)
    expect(await retry(batchId, { deadline })).toMatchObject({ is: 'done', rows: 1 })
  })
})

describe('an order that a statement says was executed after all', () => {
  it('is not retried', async () => {
    const { batchId } = await ended(['rejected', 'rejected'])
    const [row] = await rowsOf(batchId)
    await contradict(row?.order)
    expect(await retry(batchId)).toMatchObject({ is: 'done', rows: 1, left: { executed: 1 } })
  })

  it('keeps its retry from being approved, and its order from becoming a success', async () => {
    const { batchId } = await ended(['rejected'])
    const [row] = await rowsOf(batchId)
    const retryId = await retried(batchId)
    const late = scene.rows(
      `UPDATE orders SET state = 'succeeded', reason = 'found_in_statement', actor = 'x' WHERE id = $1`,
      [row?.order],
    )
    expect(await constraintOf(late)).toBe('order_transition')
    await contradict(row?.order)
    const approval = await scene.inSession((session) => approveBatch(session, retryId, BUDI, false))
    expect(approval).toMatchObject({ is: 'refused', why: 'content' })
    const byHand = scene.rows(
      `UPDATE batches SET state = 'approved', reason = 'approved_by_person', approved_by = 'budi', approved_at = now() WHERE id = $1`,
      [retryId],
    )
    expect(await constraintOf(byHand)).toBe('batch_retry')
  })

  it('pauses a retry that is running before anything is sent', async () => {
    const { batchId } = await ended(['rejected'])
    const [row] = await rowsOf(batchId)
    const retryId = await retried(batchId)
    await scene.inSession(async (session) => {
      await approveBatch(session, retryId, BUDI, false)
      await runBatch(session, retryId, FAST, ANI)
    })
    await contradict(row?.order)
    await scene.feed()
    expect((await rowsOf(retryId))[0]?.order).toBeNull()
    const last = (await readBatchEvents(scene.database, retryId)).at(-1)
    expect(last).toMatchObject({ toState: 'paused', reason: 'retried_order_executed' })
  })
})

describe('Postgres', () => {
  it('refuses a retry that the program would not make', async () => {
    const { batchId } = await ended(['succeeded', 'in_doubt'])
    const draft = await scene.inSession((session) =>
      constraintOf(
        session.transaction(async () => {
          const insert = `INSERT INTO batches (file_name, state, reason, actor, created_by, retry_of) VALUES ('x', 'draft', 'created', 'x', 'ani', ${batchId}) RETURNING id`
          const [made] = await session.run<{ id: number }>(unnamed(insert))
          const copy = `INSERT INTO batch_rows SELECT ${made?.id}, row_number, line_number, partner, reference || '-retry-1', kind, phone_number, content, content_hash FROM batch_rows WHERE batch_id = ${batchId}`
          await session.run(unnamed(copy))
          const link = `INSERT INTO batch_retries SELECT ${made?.id}, row_number, batch_id, row_number, order_id, order_id, 1 FROM batch_rows WHERE batch_id = ${batchId}`
          await session.run(unnamed(link))
        }),
      ),
    )
    expect(draft).toBe('batch_retry')
  })
})

describe('the reference of a retry', () => {
  it('is never longer than a reference may be, and stays apart from others', () => {
    const [one, other] = [`${'x'.repeat(127)}1`, `${'x'.repeat(127)}2`]
    expect(retryReference('A', 1)).toBe('A-retry-1')
    expect(retryReference(one, 12)).toHaveLength(128)
    expect(retryReference(one, 12)).toMatch(/^x+~[0-9a-f]{8}-retry-12$/)
    expect(retryReference(one, 12)).not.toBe(retryReference(other, 12))
  })
})
