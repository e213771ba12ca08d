import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { approveBatch, cancelBatch, pauseBatch, resumeBatch } from '../../src/batches/commands.ts'
import { readBatchEvents } from '../../src/batches/queries.ts'
import { setState } from '../../src/partners/store/partners.ts'
import {
  ANI,
  aPrefix,
  type BatchScene,
  BUDI,
  buysFile,
  openBatchScene,
} from '../support/scenes/batch-scene.ts'
import { openOwner, rowsFile, someRows } from '../support/scenes/owned-batches.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'

let scene: BatchScene
beforeAll(async () => {
  scene = await openBatchScene()
  // The partners of these tests share wallets.
  await decidePolicy(scene.databaseUrl, 'open')
})
afterAll(async () => {
  await scene?.close()
})
afterEach(async () => {
  const alive = await scene.rows<{ id: number }>(`SELECT id FROM batches WHERE ended_at IS NULL`)
  for (const { id } of alive) await scene.inSession((session) => cancelBatch(session, id, ANI))
})

/** One turn, as if a second had gone by before it. */
async function turn(batchId: number): Promise<number> {
  await scene.elapse(batchId)
  const before = (await scene.progress(batchId)).fed
  await scene.feed()
  return (await scene.progress(batchId)).fed - before
}

const lastEvent = async (batchId: number) => (await readBatchEvents(scene.database, batchId)).at(-1)

describe("a partner's batch", () => {
  it('sends in a minute no more than the minute has left, and goes on by itself in the next', async () => {
    const owner = await openOwner(scene, { orders_per_minute: 3 })
    await owner.freezeTime()
    await owner.place(`${aPrefix()}-x`)
    const batchId = await owner.running(someRows(6))
    expect([await turn(batchId), await turn(batchId)]).toEqual([2, 0])
    expect(await scene.progress(batchId)).toMatchObject({ state: 'running', fed: 2 })
    await owner.endMinute()
    expect(await turn(batchId)).toBe(3)
    await owner.endMinute()
    expect(await turn(batchId)).toBe(1)
    expect(await owner.countOrders()).toBe(7)
  })

  it('really begins anew when the minute of the clock ends', async () => {
    const owner = await openOwner(scene, { orders_per_minute: 2 })
    const batchId = await owner.running(someRows(4))
    await owner.freezeTime()
    expect([await turn(batchId), await turn(batchId)]).toEqual([2, 0])
    await scene.rows(`UPDATE partner_usage SET minute = now() - interval '2 minutes' WHERE partner = $1`, [
      owner.name,
    ])
    expect(await turn(batchId)).toBe(2)
  })

  it('sends on a day no more rupiah than the day has left, in the order of the file', async () => {
    const owner = await openOwner(scene, { rupiah_per_day: '250000' })
    await owner.freezeTime()
    const amounts = [100_000, 100_000, 200_000, 10_000]
    const rows = someRows(4).map((row, position) => ({ ...row, amount: amounts[position] ?? 0 }))
    const batchId = await owner.running(rows)
    // The fourth would fit, but it waits for the third.
    expect([await turn(batchId), await turn(batchId)]).toEqual([2, 0])
    expect(await owner.usage()).toEqual({ orders: 2, rupiah: '200000', wallets: 0 })
    await owner.endDay()
    expect(await turn(batchId)).toBe(2)
  })

  it('sends on a day no more wallets than the day has left, in whatever spelling', async () => {
    const owner = await openOwner(scene, { wallets_per_day: 2 })
    await owner.freezeTime()
    const wallets = ['081234500001', '+6281234500001', '081234500002', '6281234500002', '081234500003']
    const prefix = aPrefix()
    const rows = wallets.map((wallet, n) => ({ reference: `${prefix}-${n}`, wallet }))
    const batchId = await owner.running(rows)
    expect([await turn(batchId), await turn(batchId)]).toEqual([4, 0])
    expect((await owner.usage()).wallets).toBe(2)
    expect(await owner.place(`${prefix}-x`, '081234500009')).toMatchObject({ breach: 'wallets_per_day' })
    expect(await owner.place(`${prefix}-y`, '081234500002')).toMatchObject({ is: 'stored' })
    await owner.endDay()
    expect(await turn(batchId)).toBe(1)
  })

  it('uses nothing up for rows that are orders already, nor for conflicts', async () => {
    const owner = await openOwner(scene, {
      orders_per_minute: 5,
      rupiah_per_day: '500000',
      wallets_per_day: 1,
    })
    await owner.freezeTime()
    const [first, second, third] = someRows(3)
    if (first === undefined || second === undefined || third === undefined) throw new Error('no rows')
    await owner.place(first.reference)
    await owner.place(second.reference)
    const batchId = await owner.running([first, { ...second, amount: 7 }, third])
    expect(await turn(batchId)).toBe(3)
    expect(await owner.usage()).toEqual({ orders: 3, rupiah: '300000', wallets: 1 })
    expect(await scene.progress(batchId)).toMatchObject({ outcomes: { conflict: 1, accepted: 2 } })
  })

  it('sends known rows also when nothing is left, up to the first that is new', async () => {
    const owner = await openOwner(scene, { orders_per_minute: 2 })
    await owner.freezeTime()
    const rows = someRows(3)
    await Promise.all(rows.slice(0, 2).map(({ reference }) => owner.place(reference)))
    const batchId = await owner.running(rows)
    expect([await turn(batchId), await turn(batchId)]).toEqual([2, 0])
  })

  it('never exceeds its limit when many feeders feed two batches while orders come over HTTP', async () => {
    const owner = await openOwner(scene, { orders_per_minute: 40, rupiah_per_day: '3000000' })
    await owner.freezeTime()
    const batches = [await owner.running(someRows(60)), await owner.running(someRows(60))]
    const prefix = aPrefix()
    const work = [
      ...[1, 2, 3, 4].map(() => scene.feed({ mostInFlight: 7 }).then(() => [])),
      ...Array.from({ length: 12 }, (_, n) => owner.place(`${prefix}-${n}`)),
    ]
    await Promise.all(work)
    for (let round = 0; round < 8; round += 1) {
      for (const batchId of batches) await scene.elapse(batchId)
      await Promise.all([1, 2, 3, 4].map(() => scene.feed({ mostInFlight: 7 + round * 7 })))
    }
    // Thirty orders of Rp 100.000 make the day's rupiah.
    expect(await owner.countOrders()).toBe(30)
    expect(await owner.usage()).toEqual({ orders: 30, rupiah: '3000000', wallets: 0 })
  })

  it('has counted nothing when its feeder died in the turn, and each row once after it', async () => {
    const owner = await openOwner(scene, {
      orders_per_minute: 9,
      rupiah_per_day: '900000',
      wallets_per_day: 1,
    })
    await owner.freezeTime()
    const batchId = await owner.running(someRows(4))
    let left = 2
    await scene.feed({
      newId() {
        left -= 1
        if (left < 0) throw new Error('killed')
        return randomUUID()
      },
    })
    expect(await owner.countOrders()).toBe(0)
    expect(await owner.usage()).toEqual({ orders: 0, rupiah: '0', wallets: 0 })
    // Killed where all is written and nothing is committed.
    await scene.rows(
      `CREATE FUNCTION fail_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$`,
    )
    await scene.rows(
      `CREATE CONSTRAINT TRIGGER fail_commit AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_commit()`,
    )
    await scene.feed()
    await scene.rows('DROP TRIGGER fail_commit ON orders')
    expect(await owner.usage()).toEqual({ orders: 0, rupiah: '0', wallets: 0 })
    expect(await turn(batchId)).toBe(4)
    expect(await owner.usage()).toEqual({ orders: 4, rupiah: '400000', wallets: 1 })
  })

  it.each([
    ['rupiah_per_order', { rupiah_per_order: '99999' }],
    ['rupiah_per_order of a day', { rupiah_per_day: '99999' }],
    ['kind_not_allowed', { kinds: ['sell'] }],
  ])('pauses, naming the row, when %s forbids it since it was sent', async (limit, change) => {
    const owner = await openOwner(scene)
    const rows = someRows(3).map((row, n) => ({ ...row, amount: n === 1 ? 100_000 : 99_000 }))
    const batchId = await owner.running(rows)
    await owner.limit(change)
    expect(await turn(batchId)).toBe(0)
    const row = limit === 'kind_not_allowed' ? 1 : 2
    expect(await lastEvent(batchId)).toMatchObject({
      ...{ fromState: 'running', toState: 'paused', reason: 'limit_forbids' },
      detail: { row, limit: limit.split(' ')[0] },
    })
    await owner.limit({ rupiah_per_order: null, rupiah_per_day: null, kinds: null })
    await scene.inSession((session) => resumeBatch(session, batchId, ANI))
    expect(await turn(batchId)).toBe(3)
  })

  it('is resumed by an operator only, when an operator has paused it', async () => {
    const owner = await openOwner(scene)
    const batchId = await owner.running(someRows(2))
    const holder = { by: `${owner.name}/main`, note: null, isProven: true } as const
    const lead = (how: typeof pauseBatch | typeof resumeBatch, person: typeof holder | typeof ANI) =>
      scene.inSession((session) => how(session, batchId, person))
    expect(await lead(pauseBatch, ANI)).toMatchObject({ is: 'done' })
    expect(await lead(resumeBatch, holder)).toMatchObject({
      is: 'refused',
      why: 'state',
      message: 'an operator has paused it: only an operator can resume it',
    })
    expect(await lead(resumeBatch, ANI)).toMatchObject({ is: 'done' })
    expect(await lead(pauseBatch, holder)).toMatchObject({ is: 'done' })
    expect(await lead(resumeBatch, holder)).toMatchObject({ is: 'done' })
  })

  it('is approved by nobody who only says that they are a holder', async () => {
    const owner = await openOwner(scene)
    const created = await owner.create(rowsFile(someRows(1)))
    if (created.is !== 'created') throw new Error(created.is)
    const approve = (by: string) =>
      scene.inSession((session) => approveBatch(session, created.batchId, { by, note: null }, false))
    for (const by of [`${owner.name}/finance`, ` ${owner.name.toUpperCase()} /finance`])
      expect(await approve(by)).toMatchObject({ is: 'refused', why: 'second_person' })
    expect(await approve('budi')).toMatchObject({ is: 'done' })
  })

  it('is not paused by a row that is an order already', async () => {
    const owner = await openOwner(scene)
    const rows = someRows(1)
    const batchId = await owner.running(rows)
    await owner.place(rows[0]?.reference ?? '')
    await owner.limit({ rupiah_per_order: '1' })
    expect(await turn(batchId)).toBe(1)
  })

  it('pauses while its partner is suspended', async () => {
    const owner = await openOwner(scene)
    const batchId = await owner.running(someRows(2))
    await setState(scene.database, owner.name, 'suspended', 'person:test')
    expect(await turn(batchId)).toBe(0)
    expect(await lastEvent(batchId)).toMatchObject({ toState: 'paused', reason: 'partner_suspended' })
    await scene.inSession((session) => resumeBatch(session, batchId, ANI))
    expect(await turn(batchId)).toBe(0)
    await setState(scene.database, owner.name, 'active', 'person:test')
    await scene.inSession((session) => resumeBatch(session, batchId, ANI))
    expect(await turn(batchId)).toBe(2)
  })

  it('is approved by no team of one', async () => {
    const owner = await openOwner(scene)
    const created = await owner.create(rowsFile(someRows(1)))
    if (created.is !== 'created') throw new Error('refused')
    const self = { by: `${owner.name}/main`, note: null }
    const answer = await scene.inSession((session) => approveBatch(session, created.batchId, self, true))
    expect(answer).toMatchObject({ is: 'refused', why: 'second_person' })
  })
})

describe("an operator's batch", () => {
  it('of rows of a partner is not limited, as its orders through the queue are not', async () => {
    const owner = await openOwner(scene, { orders_per_minute: 1 })
    const batchId = await scene.batchIn('running', buysFile(3).replaceAll('acme', owner.name))
    expect(await turn(batchId)).toBe(3)
  })
})

describe('rows of a file', () => {
  it.each([
    ['of another partner', {}, { partner: 'acme' }, 'partner', /left out or your own/],
    ['above the limit of an order', { rupiah_per_order: '99999' }, {}, 'amount', /at most Rp 99\.999/],
    ['above the limit of a day', { rupiah_per_day: '99999' }, {}, 'amount', /limit of one day/],
    [
      'of a kind that is not allowed',
      { kinds: ['sell', 'transfer'] },
      {},
      'kind',
      /must be sell or transfer/,
    ],
  ])('%s are bad', async (_what, limits, row, column, expected) => {
    const owner = await openOwner(scene, limits)
    const [reference] = someRows(1)
    const result = await owner.create(rowsFile([{ reference: reference?.reference ?? '', ...row }]))
    expect(result).toMatchObject({
      is: 'refused',
      badRows: 1,
      problems: [{ rowNumber: 1, lineNumber: 2, column, expected: expect.stringMatching(expected) }],
    })
  })

  it('without a bound are bad where rupiah are limited', async () => {
    const owner = await openOwner(scene, { rupiah_per_day: '1000000' })
    const file = [
      'kind,reference,phone_number,gold_weight,max_price_per_gram',
      'buy,A,081234500001,0.5,',
      'buy,B,081234500001,0.5,1000000',
      'sell,C,081234500001,0.5,',
    ]
    const result = await owner.create(file.join('\n'))
    expect(result).toMatchObject({
      problems: [
        { rowNumber: 1, column: 'max_price_per_gram', expected: expect.stringContaining('is required') },
        { rowNumber: 3, column: 'kind', expected: expect.stringContaining('must be buy') },
      ],
    })
  })

  it('at the limit are good, and so are those that name their own partner', async () => {
    const owner = await openOwner(scene, { rupiah_per_order: '100000', rupiah_per_day: '100000' })
    const rows = someRows(2).map((row) => ({ ...row, partner: owner.name }))
    expect(await owner.create(rowsFile(rows))).toMatchObject({ is: 'created', rows: 2 })
  })
})

describe('whose a batch is', () => {
  it('decides who finds the same rows: neither an operator nor a partner finds the other’s', async () => {
    const owner = await openOwner(scene)
    const file = rowsFile(someRows(3).map((row) => ({ ...row, partner: owner.name })))
    const operators = await scene.create(file)
    const created = await owner.create(file)
    expect(created).toMatchObject({ is: 'created' })
    expect(await owner.create(file)).toMatchObject({
      ...{ is: 'known', state: 'checked' },
      batchId: created.is === 'created' ? created.batchId : 0,
    })
    await owner.limit({ rupiah_per_order: '1' })
    // Safe to repeat also when it could not be sent any more.
    expect(await owner.create(file)).toMatchObject({ is: 'known' })
    expect(await owner.create(`${file}\nbuy,,another,081234500001,100000`)).toMatchObject({ badRows: 4 })
    expect(operators).not.toBe(created.is === 'created' ? created.batchId : operators)
  })

  it('never changes, and its rows are its own, whoever writes to the database', async () => {
    const owner = await openOwner(scene)
    const created = await owner.create(rowsFile(someRows(1)))
    if (created.is !== 'created') throw new Error('refused')
    const run = (text: string, values: unknown[]) => scene.rows(text, values)
    for (const other of [null, 'owner1'])
      await expect(
        run(
          `UPDATE batches SET owner = $2, state = 'cancelled', reason = 'cancelled_by_person' WHERE id = $1`,
          [created.batchId, other],
        ),
      ).rejects.toMatchObject({ constraint: 'batch_identity' })
    await expect(
      run(
        `INSERT INTO batches (file_name, owner, state, reason, actor, created_by) VALUES ('x', $1, 'draft', 'created', 'x', $2)`,
        [owner.name, 'somebody/else'],
      ),
    ).rejects.toMatchObject({ constraint: 'batches_owner' })
    await expect(
      run(
        `WITH b AS (INSERT INTO batches (file_name, owner, state, reason, actor, created_by)
           VALUES ('x', $1, 'draft', 'created', 'x', $1 || '/main') RETURNING id)
         INSERT INTO batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash)
         SELECT id, 1, 1, 'other', 'r', 'buy', '081234500001', '{}', 'x' FROM b`,
        [owner.name],
      ),
    ).rejects.toMatchObject({ constraint: 'batch_row_owner' })
  })

  it('lets an operator approve it', async () => {
    const owner = await openOwner(scene)
    const created = await owner.create(rowsFile(someRows(1)))
    if (created.is !== 'created') throw new Error('refused')
    const answer = await scene.inSession((session) => approveBatch(session, created.batchId, BUDI, false))
    expect(answer).toMatchObject({ is: 'done', alone: false })
    expect(await lastEvent(created.batchId)).toMatchObject({ actor: 'person:budi' })
  })
})
