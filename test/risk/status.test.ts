import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beat, stopBeating } from '../../src/risk/heartbeat.ts'
import { overdueIn, readStatus } from '../../src/risk/status.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { anOrderIn, openStores, passDeadlines } from '../support/factories/stored-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { runCommand } from '../support/servers/command.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'

interface AtRiskRow {
  what: string
  id: string
  rupiah: string
  grams: string
  owner: string | null
  due_at: Date
  overdue: boolean
  settled_by: string
}

const rowsOf = (databaseUrl: string) =>
  sql<AtRiskRow>(databaseUrl, 'SELECT * FROM ops.at_risk ORDER BY what, since, id')

describe('ops.at_risk', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene()
  })
  afterAll(() => scene.close())

  it('has a doubt with its rupiah, the statement that would settle it, and when that is due', async () => {
    const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    await recordOrders(scene.databaseUrl, [doubt])
    const [row] = await rowsOf(scene.databaseUrl)
    expect(row).toMatchObject({
      what: 'doubt',
      id: doubt.orderId,
      rupiah: '441000',
      grams: '0.0000',
      owner: null,
      // The statement of the day is due at 07:30 of the next, and four hours later the doubt is overdue.
      due_at: new Date('2026-02-10T04:30:00Z'),
      overdue: true,
      settled_by:
        'complete statements of every source that cover 2026-02-09 11:55 to 2026-02-09 13:00, due 2026-02-10 07:30',
    })
  })

  it('a doubt just before midnight needs the statement of the next day, for its lag', async () => {
    const late = aRecordedOrder({
      outcome: 'in_doubt',
      sessionId: null,
      responseId: null,
      intentAt: new Date('2026-02-09T16:30:00Z'),
    })
    await recordOrders(scene.databaseUrl, [late])
    const rows = await rowsOf(scene.databaseUrl)
    expect(rows.find(({ id }) => id === late.orderId)?.due_at).toEqual(new Date('2026-02-11T04:30:00Z'))
  })

  it('a withdrawal has grams instead of rupiah', async () => {
    const withdrawal = aRecordedOrder({
      kind: 'withdraw',
      outcome: 'in_doubt',
      quotedAmount: null,
      goldWeight: '2.0000',
      sessionId: null,
      responseId: null,
    })
    await recordOrders(scene.databaseUrl, [withdrawal])
    const rows = await rowsOf(scene.databaseUrl)
    expect(rows.find(({ id }) => id === withdrawal.orderId)).toMatchObject({ rupiah: '0', grams: '2.0000' })
  })

  it('has an open break with its owner, and no more once it is closed', async () => {
    const missing = aRecordedOrder()
    const known = aRecordedOrder({ phoneNumber: '081234500077' })
    await recordOrders(scene.databaseUrl, [missing, known])
    await recordStatement(scene.databaseUrl, [lineOf(known)], { period: DAY })
    await scene.run()
    const broken = (await rowsOf(scene.databaseUrl)).filter(({ what }) => what === 'break')
    expect(broken).toHaveLength(1)
    expect(broken[0]).toMatchObject({ rupiah: '441000', overdue: false })
    expect(broken[0]?.settled_by).toContain('goldpro recon breaks show')
  })
})

describe('goldpro status', () => {
  it('says that nothing is at risk, and ends with 0', async () => {
    const { databaseUrl, drop } = await createTestDatabase()
    const shown = await runCommand(['status'], { env: { DATABASE_URL: databaseUrl } })
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toContain('nothing is overdue')
    expect(shown.out).toContain('no money is at risk')
    await drop()
  })

  it('shows what waits, is held, under way and in doubt, and ends with 1 once something is overdue', async () => {
    const { databaseUrl, drop } = await createTestDatabase()
    const stores = openStores(databaseUrl)
    for (const state of ['accepted', 'held', 'confirming', 'in_doubt', 'succeeded'])
      await anOrderIn(stores, state)
    const env = { DATABASE_URL: databaseUrl }
    const before = await runCommand(['status'], { env })
    expect(before.code).toBe(0)
    for (const name of ['orders in doubt', 'confirms under way', 'held orders', 'waiting orders'])
      expect(before.out).toMatch(new RegExp(`${name} +1 +0 `))
    expect(before.out).not.toMatch(/(?<![\w.])08\d{8}/)
    await passDeadlines(stores.database, {})
    await sql(databaseUrl, `UPDATE overdue_rules SET held_hours = 0`)
    const after = await runCommand(['status', '--json'], { env })
    expect(after).toMatchObject({ code: 1, err: expect.stringContaining('1 held') })
    expect(JSON.parse(after.out).overdue).toEqual(['1 held'])
    await stores.database.close()
    await drop()
  })

  it('names the days whose statement is overdue, and no more once it is there', async () => {
    const scene = await openScene()
    const yesterday = new Date(Date.now() - 2 * 86_400_000)
    await recordOrders(scene.databaseUrl, [aRecordedOrder({ intentAt: yesterday })])
    const day = new Date(yesterday.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
    const status = await readStatus(scene.database)
    expect(status.overdueStatements).toEqual([{ day, sources: [] }])
    expect(overdueIn(status)).toEqual(['1 statement'])
    const from = new Date(`${day}T00:00:00+07:00`)
    await recordStatement(scene.databaseUrl, [], {
      period: { from, to: new Date(from.getTime() + 86_400_000) },
    })
    expect((await readStatus(scene.database)).overdueStatements).toEqual([])
    await scene.close()
  })

  it('misses a process that ended without stopping, until another takes its place', async () => {
    const scene = await openScene()
    await beat(scene.database, { kind: 'worker', name: 'a-1' })
    await beat(scene.database, { kind: 'scheduler', name: 'a-2' })
    const silence = (name: string) =>
      sql(
        scene.databaseUrl,
        `UPDATE process_heartbeats SET started_at = now() - interval '1 hour', seen_at = now() - interval '2 minutes' WHERE name = $1`,
        [name],
      )
    expect(overdueIn(await readStatus(scene.database))).toEqual([])
    await silence('a-1')
    expect(overdueIn(await readStatus(scene.database))).toEqual(['1 silent process'])
    await beat(scene.database, { kind: 'worker', name: 'b-1' })
    const { processes } = await readStatus(scene.database)
    expect(processes.map(({ name, silent }) => [name, silent])).toEqual([
      ['a-2', false],
      ['b-1', false],
    ])
    await stopBeating(scene.database, { kind: 'worker', name: 'b-1' })
    expect(overdueIn(await readStatus(scene.database))).toEqual(['1 silent process'])
    await scene.close()
  })
})
