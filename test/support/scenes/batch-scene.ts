import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { approveBatch, cancelBatch, pauseBatch, runBatch } from '../../../src/batches/commands.ts'
import { createBatch } from '../../../src/batches/create.ts'
import { type FeedDeps, feedBatches, prepareFeeding } from '../../../src/batches/feed.ts'
import type { BatchState } from '../../../src/batches/lifecycle.ts'
import { readProgress } from '../../../src/batches/queries.ts'
import type { Session } from '../../../src/postgres/session.ts'
import { silentLog } from '../deps.ts'
import { KTP, WALLET } from '../factories/job-data.ts'
import { aQuote, openStores, outcomes } from '../factories/stored-orders.ts'
import { createTestDatabase } from '../servers/postgres.ts'
import { inSession as inTestSession, sql } from '../servers/sessions.ts'

export const BATCH_HEADER = 'kind,partner,reference,phone_number,gold_weight'

const prefixes = new Map<string, number>()

/** The wallet of a file's row, counted from 1. Each row has its own, for orders of one wallet wait for each other. */
export function walletOfRow(prefix: string, row: number): string {
  const known = prefixes.get(prefix) ?? prefixes.size
  prefixes.set(prefix, known)
  return `0816${String(known).padStart(4, '0')}${String(row).padStart(4, '0')}`
}

let count = 0
/** A prefix that no other batch of the test's database has. */
export function aPrefix(): string {
  count += 1
  return `B${process.pid}-${count}`
}

/** A file of buys with references of its own. */
export function buysFile(rows: number, prefix = aPrefix()): string {
  const lines = Array.from(
    { length: rows },
    (_, n) => `buy,acme,${prefix}-${n + 1},${walletOfRow(prefix, n + 1)},0.5`,
  )
  return `${[BATCH_HEADER, ...lines].join('\n')}\n`
}

/** A file with one withdrawal. */
export function withdrawalFile(prefix = aPrefix()): string {
  const { ktp, phone_number, gold_weight } = { ktp: KTP, phone_number: WALLET, gold_weight: '2' }
  const address = {
    ...{ province: 'DKI Jakarta', city: 'Jakarta Pusat', district: 'Gambir', subdistrict: 'Duri Pulo' },
    ...{ address: 'Jl. Contoh 1', zip_code: '10140' },
  }
  return `${JSON.stringify({ kind: 'withdraw', partner: 'acme', reference: `${prefix}-1`, phone_number, gold_weight, ktp, address })}\n`
}

export const ANI = { by: 'ani', note: null }
export const BUDI = { by: 'budi', note: null }
export const FAST = { at: null, ratePerSecond: 1_000, stopAfter: null }

/** A database of a test's own in which batches are made, fed and ended at its word. */
export async function openBatchScene() {
  const { databaseUrl, drop } = await createTestDatabase()
  const stores = openStores(databaseUrl)
  const inSession = <T>(work: (session: Session) => Promise<T>) => inTestSession(databaseUrl, work)
  const create = async (file: string) => {
    const result = await inSession((session) =>
      createBatch(session, Readable.from([Buffer.from(file)]), {
        fileName: 'test.csv',
        partner: null,
        by: 'ani',
      }),
    )
    if (result.is !== 'created') throw new Error(JSON.stringify(result))
    return result.batchId
  }
  const scene = {
    databaseUrl,
    ...stores,
    inSession,
    create,
    rows: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      await sql<Row>(databaseUrl, text, values),
    /** Stores a file and brings the batch to a state by legal moves only. */
    async batchIn(state: BatchState, file = buysFile(3)): Promise<number> {
      const batchId = await create(file)
      await inSession(async (session) => {
        if (state === 'checked') return
        if (state === 'cancelled') return void (await cancelBatch(session, batchId, ANI))
        await approveBatch(session, batchId, BUDI, false)
        if (state === 'approved') return
        await runBatch(session, batchId, FAST, ANI)
        if (state === 'paused') await pauseBatch(session, batchId, ANI)
      })
      if (state === 'finished') await scene.finish(batchId)
      return batchId
    },
    /** One turn of a feeder; what it woke is returned. */
    async feed(overrides: Partial<FeedDeps> = {}): Promise<string[]> {
      const woken: string[] = []
      const deps: FeedDeps = {
        newId: randomUUID,
        wake: async (orderIds) => void woken.push(...orderIds),
        actor: 'feeder:test',
        log: silentLog,
        ...overrides,
      }
      await inSession(async (session) => {
        await prepareFeeding(session)
        await feedBatches(session, deps)
      })
      return woken
    },
    /** Ends orders the way a worker would. */
    async end(orderIds: readonly string[], outcome: keyof typeof outcomes = 'succeeded'): Promise<void> {
      const intents = orderIds.map((orderId) => ({ orderId, intentId: randomUUID(), quote: aQuote() }))
      const held = await stores.store.commitIntents(intents, 'worker:test')
      await stores.store.endIntents(
        held.map(({ orderId, seq }) => ({ orderId, seq, outcome: outcomes[outcome] })),
        'worker:test',
      )
    },
    async finish(batchId: number): Promise<void> {
      for (let turn = 0; turn < 200; turn += 1) {
        await scene.end(await scene.feed())
        if ((await scene.progress(batchId)).state === 'finished') return
      }
      throw new Error('the batch does not finish')
    },
    async progress(batchId: number) {
      const progress = await readProgress(stores.database, batchId)
      if (progress === null) throw new Error('no such batch')
      return progress
    },
    /** Lets what the rate allows grow, as time would. */
    async elapse(batchId: number): Promise<void> {
      await scene.rows('UPDATE batches SET paced_at = NULL WHERE id = $1', [batchId])
    },
    async close() {
      await stores.database.close()
      await drop()
    },
  }
  return scene
}

export type BatchScene = Awaited<ReturnType<typeof openBatchScene>>
