import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startReconScheduler } from '../../src/processes/scheduler/recon-scheduler.ts'
import { dueDays, reconcileDueDays } from '../../src/reconciliation/daily.ts'
import { DEFAULT_RECON_SETTINGS } from '../../src/reconciliation/settings.ts'
import { eventually } from '../support/eventually.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { inSession } from '../support/servers/sessions.ts'

let scene: Scene
beforeEach(async () => {
  scene = await openScene()
})
afterEach(async () => {
  await scene.close()
})

/** The morning after the recorded orders' day, 07:30 in Jakarta. */
const MORNING = new Date('2026-02-10T00:30:00Z')

const daily = (now: Date = MORNING) =>
  inSession(scene.databaseUrl, (session) =>
    reconcileDueDays(session, {
      now,
      dailyAt: '07:30',
      settings: DEFAULT_RECON_SETTINGS,
      actor: 'scheduler:test',
    }),
  )

describe('the days that are due', () => {
  it.each([
    ['2026-02-10T00:29:00Z', '2026-02-08'],
    ['2026-02-10T00:30:00Z', '2026-02-09'],
    ['2026-02-10T16:59:00Z', '2026-02-09'],
    ['2026-02-10T17:00:00Z', '2026-02-09'],
    ['2026-02-11T00:30:00Z', '2026-02-10'],
  ])('at %s end with %s', (now, last) => {
    const days = dueDays(new Date(now), '07:30')
    expect(days.at(-1)).toBe(last)
    expect(days).toHaveLength(7)
    expect([...days].sort()).toEqual(days)
  })
})

describe('a day', () => {
  it('is reconciled once its statement has come, and not again', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    expect(await daily()).toEqual([{ is: 'statement_overdue', day: '2026-02-09', sources: [] }])
    await recordStatement(scene.databaseUrl, [lineOf(order)])
    expect(await daily()).toMatchObject([
      { is: 'reconciled', day: '2026-02-09', result: { counts: { matched: { session_id: 1 } } } },
    ])
    expect(await daily()).toEqual([])
    expect(await rowsOf(scene.database, 'SELECT scheduled_for::text AS day, actor FROM recon_runs')).toEqual([
      { day: '2026-02-09', actor: 'scheduler:test' },
    ])
  })

  it('is not overdue before its time, nor when nothing was sent on it', async () => {
    await recordOrders(scene.databaseUrl, [aRecordedOrder()])
    expect(await daily(new Date('2026-02-10T00:29:00Z'))).toEqual([])
    expect(await daily(new Date('2026-02-20T00:30:00Z'))).toEqual([])
  })

  it('waits for every source that still sends statements, and names the one that is missing', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const before = { from: new Date('2026-02-07T17:00:00Z'), to: DAY.from }
    const longAgo = { from: new Date('2025-12-01T17:00:00Z'), to: new Date('2025-12-02T17:00:00Z') }
    await recordStatement(scene.databaseUrl, [], { source: 'bank', period: before })
    await recordStatement(scene.databaseUrl, [], { source: 'former', period: longAgo })
    await recordStatement(scene.databaseUrl, [lineOf(order)])
    expect(await daily()).toEqual([{ is: 'statement_overdue', day: '2026-02-09', sources: ['bank'] }])
    await recordStatement(scene.databaseUrl, [], { source: 'bank' })
    expect(await daily()).toMatchObject([{ is: 'reconciled', day: '2026-02-09' }])
  })

  it('that half its statement covers is overdue', async () => {
    await recordOrders(scene.databaseUrl, [aRecordedOrder()])
    await recordStatement(scene.databaseUrl, [], {
      period: { from: DAY.from, to: new Date(DAY.to.getTime() - 1_000) },
    })
    expect(await daily()).toEqual([{ is: 'statement_overdue', day: '2026-02-09', sources: ['gateway'] }])
  })

  it('that was missed is made up for, with the others in their order', async () => {
    const week = { from: new Date('2026-02-02T17:00:00Z'), to: new Date('2026-02-16T17:00:00Z') }
    await recordStatement(scene.databaseUrl, [], { period: week })
    const days = (await daily(new Date('2026-02-12T01:00:00Z'))).map(({ is, day }) => `${day} ${is}`)
    expect(days).toHaveLength(7)
    expect(days[0]).toBe('2026-02-05 reconciled')
    expect(days[6]).toBe('2026-02-11 reconciled')
  })

  it('is reconciled by one of two schedulers at the same time', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    await recordStatement(scene.databaseUrl, [lineOf(order)])
    const [first, second] = await Promise.all([daily(), daily()])
    const all = [...(first ?? []), ...(second ?? [])].map(({ is }) => is)
    expect(all.filter((is) => is === 'reconciled')).toHaveLength(1)
    expect(
      await rowsOf(scene.database, 'SELECT 1 AS one FROM recon_runs WHERE finished_at IS NOT NULL'),
    ).toHaveLength(1)
  })
})

describe('a scheduler', () => {
  it('reminds of an overdue statement once an hour, reconciles when it comes, and stops', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const lines: { level: string; message: string }[] = []
    const at = (level: string) => (_fields: object, message: string) => void lines.push({ level, message })
    const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    let looks = 0
    const now = () => {
      looks += 1
      // Each look is twenty minutes after the one before.
      return new Date(MORNING.getTime() + looks * 1_200_000)
    }
    const scheduler = startReconScheduler({
      ...{ databaseUrl: scene.databaseUrl, dailyAt: '07:30', lagMs: 0, name: 'test', log, now, everyMs: 1 },
    })
    await eventually(async () => (looks > 7 ? true : null))
    const reminders = lines.filter(({ level }) => level === 'warn')
    expect(reminders.length).toBeGreaterThan(1)
    expect(reminders.length).toBeLessThan(looks / 2)
    await recordStatement(scene.databaseUrl, [lineOf(order)])
    await eventually(async () => (lines.some(({ message }) => message === 'reconciled') ? true : null))
    await scheduler.stop()
    const looksAtStop = looks
    expect(await daily()).toEqual([])
    expect(looks).toBe(looksAtStop)
  })
})
