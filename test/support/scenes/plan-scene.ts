import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { approveBatch } from '../../../src/batches/commands.ts'
import { type CreateRequest, createBatch } from '../../../src/batches/create.ts'
import { addBatchPlan } from '../../../src/plans/batch-source.ts'
import { addPlan, type CommandContext, type PlanAnswer } from '../../../src/plans/commands.ts'
import type { Plan, PlanTerms } from '../../../src/plans/plan.ts'
import { runDuePlans, type TickResult } from '../../../src/plans/run-due.ts'
import type { StatementRunner } from '../../../src/postgres/pool.ts'
import { WALLET } from '../factories/job-data.ts'
import { openStores } from '../factories/stored-orders.ts'
import { borrowTestDatabase } from '../servers/borrowed-database.ts'
import { inSession, sql } from '../servers/sessions.ts'
import { BUDI, buysFile } from './batch-scene.ts'

/** 09:00 in Jakarta, when the scenes' plan is due every day. */
export const NINE = new Date('2026-02-25T02:00:00Z')

/** NINE and so many minutes. */
export const nine = (minutes = 0, days = 0) => new Date(NINE.getTime() + minutes * 60_000 + days * 86_400_000)

/** Whose batch it is. */
export type CreatedBy = Pick<CreateRequest, 'by' | 'owner'>

export const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

let count = 0

/** A plan of a small buy, every day at 09:00 in Jakarta. */
export function planTerms(overrides: Partial<PlanTerms> = {}): PlanTerms {
  count += 1
  return {
    name: `plan-${count}`,
    owner: null,
    partner: 'acme',
    source: { is: 'order', kind: 'buy', phone_number: WALLET, content: { gold_weight: '0.5000' } },
    schedule: { is: 'cron', pattern: '0 9 * * *' },
    timeZone: 'Asia/Jakarta',
    ...{ startsAt: null, endsAt: null, maxCount: null, deadlineMinutes: null },
    ...{ missed: 'run_once', maxAgeMinutes: 24 * 60, overlap: 'skip' },
    ...overrides,
  }
}

export const EVERY_MINUTE = { is: 'cron', pattern: '* * * * *' } as const

/** Adds a plan to a database, due from now on. */
export async function addPlanTo(database: Parameters<typeof addPlan>[0], at = new Date()): Promise<Plan> {
  const answer = await addPlan(database, planTerms(), leadAt(at))
  if (answer.is === 'refused') throw new Error(answer.message)
  return answer.plan
}

/** A database of a test's own, with schedulers whose clock is a number. */
export async function openPlanScene() {
  const { databaseUrl, drop } = await borrowTestDatabase()
  const stores = openStores(databaseUrl)
  const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
    sql<Row>(databaseUrl, text, values)
  return {
    databaseUrl,
    ...stores,
    run,
    woken: [] as string[],
    /** Adds a plan at a moment. */
    async add(overrides: Partial<PlanTerms> = {}, at: Date = nine(-1)): Promise<Plan> {
      const answer = await addPlan(stores.database, planTerms(overrides), leadAt(at))
      if (answer.is === 'refused') throw new Error(answer.message)
      return answer.plan
    },
    /** Stores a batch of ani's, approved by budi unless only checked. */
    async batch(
      file = buysFile(3),
      state: 'checked' | 'approved' = 'approved',
      made: CreatedBy = { by: 'ani' },
    ): Promise<number> {
      return await inSession(databaseUrl, async (session) => {
        const request = { fileName: 'pay.csv', partner: null, ...made }
        const created = await createBatch(session, Readable.from([Buffer.from(file)]), request)
        if (created.is !== 'created') throw new Error(JSON.stringify(created))
        if (state === 'approved') await approveBatch(session, created.batchId, BUDI, false)
        return created.batchId
      })
    },
    /** Asks for a plan of a batch, every day at 09:00 unless told otherwise. */
    async planBatch(
      batchId: number,
      terms: Partial<PlanTerms> = {},
      at: Date = nine(-1),
    ): Promise<PlanAnswer> {
      const wish = { batchId, ratePerSecond: 1_000, stopAfter: { is: 'percent', value: 50 } } as const
      return await inSession(databaseUrl, (session) =>
        addBatchPlan(session, planTerms(terms), wish, leadAt(at)),
      )
    },
    /** Adds a plan of a batch; its number. */
    async addBatch(batchId: number, terms: Partial<PlanTerms> = {}, at?: Date): Promise<number> {
      const answer = await this.planBatch(batchId, terms, at)
      if (answer.is === 'refused') throw new Error(answer.message)
      return answer.plan.planId
    },
    /** One tick of one scheduler, by a clock. */
    async tick(
      at: Date | ((runner: StatementRunner) => Promise<Date>),
      lockLimitMs = 10_000,
    ): Promise<TickResult> {
      const clock = at instanceof Date ? async () => at : at
      return await inSession(databaseUrl, (session) =>
        runDuePlans(session, {
          ...{ actor: 'scheduler:test', clock, newId: randomUUID, log: QUIET, lockLimitMs },
          wake: async (orderIds) => void this.woken.push(...orderIds),
        }),
      )
    },
    /** The runs of all plans: minutes after NINE, state and reason. */
    async runs(): Promise<string[]> {
      const rows = await run<{ due_at: Date; state: string; reason: string }>(
        'SELECT due_at, state, reason FROM plan_runs ORDER BY due_at, plan_id',
      )
      return rows.map(
        ({ due_at, state, reason }) => `${(due_at.getTime() - NINE.getTime()) / 60_000} ${state} ${reason}`,
      )
    },
    async references(): Promise<string[]> {
      const rows = await run<{ reference: string }>('SELECT reference FROM orders ORDER BY reference')
      return rows.map(({ reference }) => reference)
    },
    /** Ends the orders that are accepted, as a worker would after a refusal. */
    async endOrders(): Promise<void> {
      const rows = await run<{ id: string }>(`SELECT id FROM orders WHERE state = 'accepted'`)
      const moves = rows.map(({ id }) => ({
        ...{ orderId: id, reason: 'cancel_requested' as const, actor: 'person:test', detail: null },
      }))
      await stores.store.move('cancel', moves)
    },
    session: <T>(use: Parameters<typeof inSession<T>>[1]) => inSession(databaseUrl, use),
    async close() {
      await stores.database.close()
      await drop()
    },
  }
}

export type PlanScene = Awaited<ReturnType<typeof openPlanScene>>

export const leadAt = (at: Date): CommandContext => ({
  ...{ who: 'person', by: 'ani', note: null },
  clock: async () => at,
})
