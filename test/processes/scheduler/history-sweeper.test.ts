import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startHistorySweeper } from '../../../src/processes/scheduler/history-sweeper.ts'
import { rotateSecret } from '../../../src/webhooks/endpoints.ts'
import { silentLog } from '../../support/deps.ts'
import { eventually } from '../../support/eventually.ts'
import { aPastWebhook } from '../../support/factories/past-webhooks.ts'
import { openStores } from '../../support/factories/stored-orders.ts'
import { anEndpoint } from '../../support/scenes/webhook-endpoints.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'
import { unnamed } from '../../support/unnamed.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>

beforeEach(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
})
afterEach(async () => {
  await stores.database.close()
  await test.drop()
})

const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  stores.database.run<Row>(unnamed(text), values)

/** One whole sweep in pieces of two, and what its log says of it. */
async function sweepOnce(): Promise<object> {
  const told: object[] = []
  const log = { ...silentLog, info: (fields: object) => void told.push(fields) }
  const { databaseUrl } = test
  const sweeper = startHistorySweeper({ databaseUrl, webhookKeepDays: 90, log, pieceSize: 2 })
  try {
    return await eventually(async () => told[0] ?? null)
  } finally {
    await sweeper.stop()
  }
}

describe('a sweep', () => {
  it('forgets old nonces and the wallets of days that are over, all of them in pieces, and no others', async () => {
    await run(
      `INSERT INTO partner_nonces (prefix, nonce, seen_at)
       SELECT 'key', 'old-' || n, now() - interval '31 minutes' FROM generate_series(1, 5) n
       UNION ALL SELECT 'key', 'new', now() - interval '16 minutes'`,
    )
    await run(
      `INSERT INTO partner_day_wallets (partner, day, phone_number)
       SELECT 'acme', (now() AT TIME ZONE 'Asia/Jakarta')::date - n, '081234500001' FROM generate_series(0, 5) n`,
    )
    expect(await sweepOnce()).toMatchObject({ nonces: 5, day_wallets: 5 })
    expect(await run('SELECT nonce FROM partner_nonces')).toEqual([{ nonce: 'new' }])
    expect(
      await run(`SELECT day = (now() AT TIME ZONE 'Asia/Jakarta')::date AS today FROM partner_day_wallets`),
    ).toEqual([{ today: true }])
  })

  it('deletes webhooks that ended longer ago than they are kept, all of them in pieces, and no others', async () => {
    const { id: endpointId } = await anEndpoint(stores.database, 'https://one.example')
    for (const days of [200, 150, 100, 95, 91]) await aPastWebhook(stores.database, { endpointId, days })
    const kept = await aPastWebhook(stores.database, { endpointId, days: 89 })
    const waiting = await aPastWebhook(stores.database, { endpointId, days: 200, state: 'pending' })
    expect(await sweepOnce()).toMatchObject({ deliveries: 5, events: 5 })
    const ids = await run<{ id: string }>('SELECT id FROM webhook_events ORDER BY at DESC')
    expect(ids).toEqual([{ id: kept }, { id: waiting }])
  })

  it('gives up what was written for an endpoint while it was being removed', async () => {
    const { id: endpointId } = await anEndpoint(stores.database, 'https://one.example')
    const { id: other } = await anEndpoint(stores.database, 'https://two.example')
    await run(`UPDATE webhook_endpoints SET state = 'removed', secret = NULL WHERE id = $1`, [endpointId])
    await aPastWebhook(stores.database, { endpointId, days: 0, state: 'pending' })
    await aPastWebhook(stores.database, { endpointId: other, days: 0, state: 'pending' })
    expect(await sweepOnce()).toMatchObject({ webhooks_of_removed: 1 })
    expect(await run('SELECT endpoint_id AS id, state FROM webhook_deliveries ORDER BY endpoint_id')).toEqual(
      [
        { id: endpointId, state: 'given_up' },
        { id: other, state: 'pending' },
      ],
    )
  })

  it('erases a previous secret whose time is over, and no other', async () => {
    const { id } = await anEndpoint(stores.database, 'https://one.example')
    const { id: rotating } = await anEndpoint(stores.database, 'https://two.example')
    for (const each of [id, rotating]) await rotateSecret(stores.database, each, 3_600_000)
    await run(`UPDATE webhook_endpoints SET previous_until = now() - interval '2 hours' WHERE id = $1`, [id])
    expect(await sweepOnce()).toMatchObject({ secrets: 1 })
    const rows = await run<{ previous: string | null; secret: string | null }>(
      'SELECT previous_secret AS previous, secret FROM webhook_endpoints ORDER BY id',
    )
    expect(rows.map(({ previous, secret }) => [previous === null, secret === null])).toEqual([
      [true, false],
      [false, false],
    ])
  })

  it('is tried again while Postgres is away', async () => {
    const told: string[] = []
    const log = {
      ...silentLog,
      info: (_: object, text: string) => void told.push(text),
      warn: (_: object, text: string) => void told.push(text),
    }
    const databaseUrl = 'postgres://nobody@127.0.0.1:1/none'
    const away = startHistorySweeper({ databaseUrl, webhookKeepDays: 90, log, everyMs: 10 })
    await eventually(async () => (told.length >= 2 ? true : null))
    await away.stop()
    expect(new Set(told)).toEqual(new Set(['history not swept, tried again']))
  })
})
