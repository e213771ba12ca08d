import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { approveBatch, runBatch } from '../../../src/batches/commands.ts'
import { type CreateResult, createBatch } from '../../../src/batches/create.ts'
import { parseSubmission } from '../../../src/orders/submission.ts'
import { addPartnerWithKey } from '../../../src/partners/commands.ts'
import { limitsOf } from '../../../src/partners/limits.ts'
import { placeOrder } from '../../../src/partners/place-order.ts'
import type { Placed } from '../../../src/partners/placed.ts'
import { type LimitChange, listPartners, setLimits } from '../../../src/partners/store/partners.ts'
import { createLoaders } from '../../../src/processes/loaders.ts'
import { WALLET } from '../factories/job-data.ts'
import { aPrefix, type BatchScene, BUDI, FAST } from './batch-scene.ts'

let partners = 0

/** A row of a partner's file; what is not said is a buy of Rp 100.000. */
export interface OwnedRow {
  readonly reference: string
  readonly wallet?: string
  readonly amount?: number
  readonly partner?: string
}

export const rowsFile = (rows: readonly OwnedRow[]): string =>
  [
    'kind,partner,reference,phone_number,amount',
    ...rows.map(
      ({ reference, wallet = WALLET, amount = 100_000, partner = '' }) =>
        `buy,${partner},${reference},${wallet},${amount}`,
    ),
  ].join('\n')

export const someRows = (count: number, prefix = aPrefix()): OwnedRow[] =>
  Array.from({ length: count }, (_, n) => ({ reference: `${prefix}-${n + 1}` }))

/** A partner with limits that sends batches and places orders. */
export async function openOwner(scene: BatchScene, limits: LimitChange = {}) {
  partners += 1
  const name = `owner${partners}`
  const deps = { database: scene.database, random: randomBytes, actor: 'person:test' }
  await addPartnerWithKey(name, { scopes: ['batches:write'], isSigned: false }, deps)
  await setLimits(scene.database, name, limits, 'person:test')
  const owner = {
    name,
    async limit(change: LimitChange): Promise<void> {
      await setLimits(scene.database, name, change, 'person:test')
    },
    async limits() {
      const [partner] = await listPartners(scene.database, name)
      if (partner === undefined) throw new Error('no partner')
      return limitsOf(partner)
    },
    async create(file: string): Promise<CreateResult> {
      const limitsNow = await owner.limits()
      return await scene.inSession((session) =>
        createBatch(session, Readable.from([Buffer.from(file)]), {
          ...{ fileName: 'sent.csv', partner: null, by: `${name}/main` },
          owner: { partner: name, limits: limitsNow },
        }),
      )
    },
    async running(rows: readonly OwnedRow[]): Promise<number> {
      const created = await owner.create(rowsFile(rows))
      if (created.is !== 'created') throw new Error(JSON.stringify(created))
      await scene.inSession(async (session) => {
        await approveBatch(session, created.batchId, BUDI, false)
        await runBatch(session, created.batchId, FAST, BUDI)
      })
      return created.batchId
    },
    /** Places an order as the API does. */
    async place(reference: string, wallet = WALLET): Promise<Placed> {
      const data = { partner: name, reference, phone_number: wallet, amount: 100_000 }
      const { database } = scene
      const placing = { ...createLoaders(database), database, newId: randomUUID }
      return await placeOrder(parseSubmission('buy', data), await owner.limits(), placing)
    },
    /** Sets the minute and the day of its usage far ahead, so that neither ends while a test runs. */
    async freezeTime(): Promise<void> {
      await scene.rows(
        `INSERT INTO partner_usage (partner, minute, day) VALUES ($1, now() + interval '1 day', (now() + interval '2 days')::date)`,
        [name],
      )
    },
    /** Lets the minute end and the day too, as time would. */
    async endDay(): Promise<void> {
      await scene.rows(
        `UPDATE partner_usage SET orders = 0, rupiah = 0, wallets = 0, day = day + 1 WHERE partner = $1`,
        [name],
      )
    },
    async endMinute(): Promise<void> {
      await scene.rows('UPDATE partner_usage SET orders = 0 WHERE partner = $1', [name])
    },
    async usage() {
      const [usage] = await scene.rows<{ orders: number; rupiah: string; wallets: number }>(
        'SELECT orders, rupiah::text AS rupiah, wallets FROM partner_usage WHERE partner = $1',
        [name],
      )
      return usage ?? { orders: 0, rupiah: '0', wallets: 0 }
    },
    async countOrders(): Promise<number> {
      const [{ count } = { count: 0 }] = await scene.rows<{ count: number }>(
        'SELECT count(*)::int AS count FROM orders WHERE partner = $1',
        [name],
      )
      return count
    },
  }
  return owner
}
