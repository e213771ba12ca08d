import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cancelBatch, pauseBatch, resumeBatch, runBatch } from '../../src/batches/commands.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { requireStored } from '../support/factories/stored-orders.ts'
import {
  ANI,
  aPrefix,
  type BatchScene,
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
// A turn feeds every batch, and each test looks at its own.
afterEach(async () => {
  const alive = await scene.rows<{ id: number }>(`SELECT id FROM batches WHERE ended_at IS NULL`)
  for (const { id } of alive) await scene.inSession((session) => cancelBatch(session, id, ANI))
})

type RunOrder = Parameters<typeof runBatch>[2]

/** A running batch as this run order has it. */
async function running(rows: number, order: Partial<RunOrder> = {}, prefix = aPrefix()): Promise<number> {
  const batchId = await scene.batchIn('approved', buysFile(rows, prefix))
  await scene.inSession((session) => runBatch(session, batchId, { ...FAST, ...order }, ANI))
  return batchId
}

/** How often each row's reference is an order, and how many orders there are of them. */
async function ordersOf(batchId: number): Promise<{ rows: number; orders: number; linked: number }> {
  const [counts] = await scene.rows<{ rows: number; orders: number; linked: number }>(
    `SELECT count(*)::int AS rows, count(o.id)::int AS orders, count(*) FILTER (WHERE o.id = r.order_id)::int AS linked
     FROM batch_rows r LEFT JOIN orders o ON o.partner = r.partner AND o.reference = r.reference WHERE r.batch_id = $1`,
    [batchId],
  )
  if (counts === undefined) throw new Error('no row')
  return counts
}

/** Stores an order of a batch's first row the way a partner would. */
async function submitFirst(prefix: string, gold_weight: string): Promise<string> {
  const data = {
    partner: 'acme',
    reference: `${prefix}-1`,
    phone_number: walletOfRow(prefix, 1),
    gold_weight,
  }
  const [order] = await scene.store.submit([
    { orderId: randomUUID(), submission: parseSubmission('buy', data) },
  ])
  return requireStored(order).orderId
}

describe('feeding', () => {
  it('makes each row one order in the order of the file, wakes the queue for it, and finishes when all ended', async () => {
    const batchId = await running(1_200)
    await scene.finish(batchId)
    expect(await ordersOf(batchId)).toEqual({ rows: 1_200, orders: 1_200, linked: 1_200 })
    expect(await scene.progress(batchId)).toMatchObject({
      state: 'finished',
      reason: 'every_row_ended',
      ...{ fed: 1_200, ended: 1_200, failed: 0 },
      outcomes: { succeeded: 1_200 },
    })
    const [{ isSorted } = { isSorted: false }] = await scene.rows<{ isSorted: boolean }>(
      `SELECT bool_and(fed_at >= before) AS "isSorted" FROM (
         SELECT fed_at, lag(fed_at) OVER (ORDER BY row_number) AS before FROM batch_rows WHERE batch_id = $1) x`,
      [batchId],
    )
    expect(isSorted).toBe(true)
  })

  it('sends nothing of a batch that is not running', async () => {
    const states = ['checked', 'approved', 'paused', 'cancelled'] as const
    const batches = await Promise.all(states.map((state) => scene.batchIn(state)))
    await scene.feed()
    for (const batchId of batches) expect((await ordersOf(batchId)).orders).toBe(0)
  })

  it('sends each row once when four feeders feed at once', async () => {
    const batchId = await running(900)
    const woken: string[] = []
    for (let round = 0; round < 8; round += 1) {
      const rounds = await Promise.all([1, 2, 3, 4].map(() => scene.feed({ mostInFlight: 2_000 })))
      woken.push(...rounds.flat())
      await scene.elapse(batchId)
    }
    expect(await ordersOf(batchId)).toEqual({ rows: 900, orders: 900, linked: 900 })
    expect(new Set(woken).size).toBe(900)
  })

  it('runs once when it is run twice at once', async () => {
    const batchId = await scene.batchIn('approved')
    const answers = await Promise.all(
      [1, 2].map(() => scene.inSession((session) => runBatch(session, batchId, FAST, ANI))),
    )
    expect(answers.map(({ is }) => is).sort()).toEqual(['done', 'refused'])
  })

  it('does not let a batch that is locked keep the others waiting', async () => {
    const [locked, other] = [await running(3), await running(3)]
    await scene.inSession((session) =>
      session.transaction(async () => {
        await session.run(unnamed('SELECT 1 FROM batches WHERE id = $1 FOR UPDATE'), [locked])
        await scene.feed()
        expect((await ordersOf(other)).orders).toBe(3)
        expect((await ordersOf(locked)).orders).toBe(0)
      }),
    )
  })

  it('keeps to its rate, whoever feeds', async () => {
    const batchId = await running(100, { ratePerSecond: 20 })
    await Promise.all([scene.feed(), scene.feed(), scene.feed()])
    await Promise.all([scene.feed(), scene.feed(), scene.feed()])
    const { orders } = await ordersOf(batchId)
    // The first second's rows at once, and those of the time the feeding took.
    const [{ seconds } = { seconds: 0 }] = await scene.rows<{ seconds: number }>(
      `SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 AS seconds FROM batches WHERE id = $1`,
      [batchId],
    )
    expect(orders).toBeGreaterThanOrEqual(20)
    expect(orders).toBeLessThanOrEqual(20 + Math.ceil(seconds * 20))
  })

  it('goes on after the clock has jumped back', async () => {
    const batchId = await running(5)
    await scene.rows(`UPDATE batches SET paced_at = now() + interval '1 day' WHERE id = $1`, [batchId])
    await scene.feed()
    const [{ ahead } = { ahead: true }] = await scene.rows<{ ahead: boolean }>(
      'SELECT paced_at > now() AS ahead FROM batches WHERE id = $1',
      [batchId],
    )
    expect(ahead).toBe(false)
    await scene.finish(batchId)
  })

  it('has no more orders on their way than it may', async () => {
    const batchId = await running(30)
    const first = await scene.feed({ mostInFlight: 10 })
    expect(first).toHaveLength(10)
    await scene.elapse(batchId)
    expect(await scene.feed({ mostInFlight: 10 })).toHaveLength(0)
    await scene.end(first.slice(0, 4))
    await scene.elapse(batchId)
    expect(await scene.feed({ mostInFlight: 10 })).toHaveLength(4)
  })

  it('begins when its time has come, and not before', async () => {
    const early = await running(3, { at: new Date(Date.now() + 3_600_000) })
    const due = await running(3, { at: new Date(Date.now() - 1_000) })
    await scene.feed()
    expect(await scene.progress(early)).toMatchObject({ state: 'approved', reason: 'scheduled_by_person' })
    expect(await scene.progress(due)).toMatchObject({ state: 'running', reason: 'run_time_reached' })
    await scene.feed()
    expect((await ordersOf(due)).orders).toBe(3)
    expect((await ordersOf(early)).orders).toBe(0)
    await scene.inSession((session) => runBatch(session, early, FAST, ANI))
    await scene.feed()
    expect((await ordersOf(early)).orders).toBe(3)
  })

  it('erases a withdrawal’s KTP number and address from its row when its order has them', async () => {
    const batchId = await scene.batchIn('running', withdrawalFile())
    const [orderId = ''] = await scene.feed()
    const [row] = await scene.rows<{ row: object; order: object }>(
      'SELECT r.content AS row, o.content AS order FROM batch_rows r JOIN orders o ON o.id = r.order_id WHERE r.batch_id = $1',
      [batchId],
    )
    expect(row?.row).toEqual({ gold_weight: '2.0000' })
    expect(row?.order).toHaveProperty('ktp')
    const submitted = await scene.store.load([orderId])
    expect(submitted[0]?.content).toHaveProperty('address')
  })

  it('says who sent an order', async () => {
    const batchId = await running(1)
    const [orderId] = await scene.feed()
    const [event] = await scene.rows('SELECT actor FROM order_events WHERE order_id = $1', [orderId])
    expect(event).toEqual({ actor: `batch:${batchId}` })
  })
})

describe('a reference that is an order already', () => {
  it('is that order when the content is the same, also when it ended long ago', async () => {
    const prefix = aPrefix()
    const orderId = await submitFirst(prefix, '0.5')
    await scene.end([orderId])
    const batchId = await running(2, {}, prefix)
    await scene.finish(batchId)
    expect(await ordersOf(batchId)).toEqual({ rows: 2, orders: 2, linked: 2 })
    const attempts = await scene.rows('SELECT 1 AS one FROM attempts WHERE order_id = $1', [orderId])
    expect(attempts).toHaveLength(1)
  })

  it('is a conflict when the content differs: the row ends, the order stands, the batch goes on', async () => {
    const prefix = aPrefix()
    const orderId = await submitFirst(prefix, '7')
    const batchId = await running(2, {}, prefix)
    await scene.finish(batchId)
    expect(await scene.progress(batchId)).toMatchObject({
      failed: 1,
      outcomes: { conflict: 1, succeeded: 1 },
    })
    const [row] = await scene.rows(
      'SELECT outcome, reason, order_id FROM ops.batch_rows WHERE batch_id = $1 AND row_number = 1',
      [batchId],
    )
    expect(row).toEqual({
      outcome: 'conflict',
      reason: 'reference_known_with_other_content',
      order_id: orderId,
    })
    expect((await scene.store.load([orderId]))[0]).toMatchObject({ state: 'accepted' })
  })

  it('is one order when two batches have it', async () => {
    const prefix = aPrefix()
    const [first, second] = [await running(2, {}, prefix), await running(3, {}, prefix)]
    const woken = await Promise.all([scene.feed(), scene.feed()])
    await scene.end([...new Set(woken.flat())])
    await scene.finish(first)
    await scene.finish(second)
    for (const batchId of [first, second]) {
      const { orders, linked, rows } = await ordersOf(batchId)
      expect([orders, linked]).toEqual([rows, rows])
    }
    const [{ count } = { count: 0 }] = await scene.rows<{ count: number }>(
      'SELECT count(*)::int AS count FROM orders WHERE reference LIKE $1',
      [`${prefix}-%`],
    )
    expect(count).toBe(3)
  })
})

describe('a feeder that dies', () => {
  it('before its turn ends has sent nothing, and another sends each row once', async () => {
    const batchId = await running(50)
    const died = scene.feed({
      newId: () => {
        throw new Error('killed')
      },
    })
    await died
    expect((await ordersOf(batchId)).orders).toBe(0)
    await scene.finish(batchId)
    expect(await ordersOf(batchId)).toEqual({ rows: 50, orders: 50, linked: 50 })
  })

  it('before it has woken the queue is made up for by the next one', async () => {
    const batchId = await running(20)
    const died = scene.feed({
      wake: async () => {
        throw new Error('killed')
      },
    })
    await expect(died).rejects.toThrow('killed')
    expect((await ordersOf(batchId)).orders).toBe(20)
    expect(await scene.feed()).toHaveLength(20)
    expect(await scene.feed()).toHaveLength(0)
  })

  it('and freezes inside its turn loses it, and does nothing when it wakes', async () => {
    const batchId = await running(5)
    const frozen = scene.inSession((session) =>
      session.transaction(async () => {
        await session.run(unnamed(`SET idle_in_transaction_session_timeout = '200ms'`))
        await session.run(unnamed('SELECT 1 FROM batches WHERE id = $1 FOR UPDATE'), [batchId])
        await new Promise((resolve) => session.client.once('end', resolve))
        await session.run(unnamed(`UPDATE batches SET paced_at = now() WHERE id = $1`), [batchId])
      }),
    )
    await expect(frozen).rejects.toThrow()
    expect(await scene.feed()).toHaveLength(5)
  })
})

describe('pausing and cancelling', () => {
  it('keeps unsent rows back, and resuming sends each of them once', async () => {
    const batchId = await running(30)
    const first = await scene.feed({ mostInFlight: 10 })
    await scene.inSession((session) => pauseBatch(session, batchId, ANI))
    await scene.end(first)
    expect(await scene.feed()).toHaveLength(0)
    expect(await scene.progress(batchId)).toMatchObject({ outcomes: { succeeded: 10, waiting: 20 } })
    await scene.inSession((session) => resumeBatch(session, batchId, ANI))
    await scene.finish(batchId)
    expect(await ordersOf(batchId)).toEqual({ rows: 30, orders: 30, linked: 30 })
  })

  it('never sends what was cancelled, and lets what was sent go on', async () => {
    const batchId = await running(30)
    const first = await scene.feed({ mostInFlight: 10 })
    const answer = await scene.inSession((session) => cancelBatch(session, batchId, ANI))
    expect(answer).toMatchObject({ is: 'done', unsent: 20 })
    await scene.end(first)
    expect(await scene.feed()).toHaveLength(0)
    expect(await scene.progress(batchId)).toMatchObject({ outcomes: { succeeded: 10, not_sent: 20 } })
  })

  it.each<[what: string, stopAfter: RunOrder['stopAfter'], failing: number, pauses: boolean]>([
    ['fewer failures than were named', { is: 'count', value: 5 }, 4, false],
    ['as many failures as were named', { is: 'count', value: 5 }, 5, true],
    ['less than the share', { is: 'percent', value: 10 }, 1, false],
    ['the share of all rows', { is: 'percent', value: 10 }, 2, true],
    ['failures that nobody limits', null, 20, false],
  ])('after %s', async (_what, stopAfter, failing, pauses) => {
    const batchId = await running(20, { stopAfter })
    const sent = await scene.feed({ mostInFlight: 20 })
    await scene.end(sent.slice(0, failing), 'rejected')
    await scene.feed()
    const { state, reason } = await scene.progress(batchId)
    const standing = failing === 20 ? 'finished' : 'running'
    expect(state).toBe(pauses ? 'paused' : standing)
    if (pauses) expect(reason).toBe('too_many_failures')
  })

  it('counts doubts with the failures, and after resuming only the later ones', async () => {
    const batchId = await running(20, { stopAfter: { is: 'count', value: 2 } })
    const first = await scene.feed({ mostInFlight: 4 })
    await scene.end(first, 'in_doubt')
    await scene.feed()
    expect(await scene.progress(batchId)).toMatchObject({ state: 'paused', failed: 4 })
    await scene.inSession((session) => resumeBatch(session, batchId, ANI))
    await scene.elapse(batchId)
    const second = await scene.feed({ mostInFlight: 4 })
    expect(second).toHaveLength(4)
    await scene.end(second.slice(0, 1), 'rejected')
    await scene.feed()
    expect((await scene.progress(batchId)).state).toBe('running')
    await scene.end(second.slice(1, 2), 'rejected')
    await scene.feed()
    expect((await scene.progress(batchId)).state).toBe('paused')
  })

  it('finishes when the failures that would have paused it were its last rows', async () => {
    const batchId = await running(2, { stopAfter: { is: 'count', value: 1 } })
    await scene.end(await scene.feed(), 'rejected')
    await scene.feed()
    expect(await scene.progress(batchId)).toMatchObject({ state: 'finished', failed: 2 })
  })

  it('keeps count of what ended in the turn that finds a changed row, and finishes once that is put right', async () => {
    const batchId = await running(4)
    const sent = await scene.feed({ mostInFlight: 2 })
    await scene.end(sent)
    const setGrams = (grams: string) =>
      scene.inSession((session) =>
        session.transaction(async () => {
          await session.run(unnamed(`SET LOCAL session_replication_role = 'replica'`))
          const text = `UPDATE batch_rows SET content = jsonb_build_object('gold_weight', $2::text) WHERE batch_id = $1 AND row_number = 4`
          await session.run(unnamed(text), [batchId, grams])
        }),
      )
    await setGrams('9.0000')
    await scene.elapse(batchId)
    await scene.feed()
    expect(await scene.progress(batchId)).toMatchObject({ reason: 'content_changed', ended: 2 })
    await setGrams('0.5000')
    await scene.inSession((session) => resumeBatch(session, batchId, ANI))
    await scene.finish(batchId)
    expect((await scene.progress(batchId)).ended).toBe(4)
  })

  it('finishes with orders in doubt, which settle later without it', async () => {
    const batchId = await running(2)
    const sent = await scene.feed()
    await scene.end(sent, 'in_doubt')
    await scene.feed()
    expect(await scene.progress(batchId)).toMatchObject({ state: 'finished', outcomes: { in_doubt: 2 } })
  })

  it('does not finish while a person holds an order', async () => {
    const batchId = await running(1)
    const [orderId = ''] = await scene.feed()
    await scene.store.move('hold', [
      { orderId, reason: 'held_by_person', actor: 'person:ani', detail: { note: 'x' } },
    ])
    await scene.feed()
    expect((await scene.progress(batchId)).state).toBe('running')
  })
})
