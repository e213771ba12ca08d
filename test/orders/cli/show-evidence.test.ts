import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  aRecordedOrder,
  lineOf,
  recordOrders,
  recordStatement,
} from '../../support/factories/recorded-orders.ts'
import { aConfirming, openStores } from '../../support/factories/stored-orders.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { runCommand } from '../../support/servers/command.ts'
import { sql } from '../../support/servers/sessions.ts'

let scene: Scene
const matched = aRecordedOrder()
const EVENT = '0190a000-0000-7000-8000-00000000000f'

beforeAll(async () => {
  scene = await openScene()
  await recordOrders(scene.databaseUrl, [matched])
  await recordStatement(scene.databaseUrl, [lineOf(matched)], { complete: false })
  await scene.run()
  const run = (text: string) => sql(scene.databaseUrl, text)
  await run(`INSERT INTO webhook_endpoints (partner, url, kinds, secret, created_by)
    VALUES ('acme', 'https://acme.example/hook?key=topsecret', '{order.succeeded}', 'whsec_x', 'adi')`)
  await run(`INSERT INTO webhook_events (id, kind, at, order_event_id, order_id, sequence)
    SELECT '${EVENT}', 'order.succeeded', now(), max(id), order_id, 1 FROM order_events
    WHERE order_id = '${matched.orderId}' GROUP BY order_id`)
  await run(`INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, sequence, state, tries, next_at, ended_at)
    VALUES (1, '${EVENT}', '${matched.orderId}', 1, 'given_up', 9, now(), now())`)
})

afterAll(async () => {
  await scene?.close()
})

describe('goldpro orders show', () => {
  it('tells the statement line with the rule that matched it, and each webhook without its secret', async () => {
    const env = { DATABASE_URL: scene.databaseUrl }
    const { out, code } = await runCommand(['orders', 'show', matched.orderId], { env })
    expect(code).toBe(0)
    expect(out).toMatch(/line \d+ of statement \d+ \(.*\), matched by session/)
    expect(out).toMatch(/webhook order\.succeeded to https:\/\/acme\.example\/hook.*: given_up, 9 tries/)
    expect(out).not.toContain('topsecret')
  })

  it('names the trace of an attempt as tracing systems write it, and no trace where there is none', async () => {
    const env = { DATABASE_URL: scene.databaseUrl }
    const stores = openStores(scene.databaseUrl, 1)
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const { orderId } = await aConfirming(stores, 'buy', traceId)
    await stores.database.close()
    const { out } = await runCommand(['orders', 'show', orderId], { env })
    expect(out).toMatch(new RegExp(`attempt 1: .*\n.*intent after no reply yet.*\n +trace ${traceId}$`, 'm'))
    const json = await runCommand(['orders', 'show', orderId, '--json'], { env })
    expect(JSON.parse(json.out).attemptStories).toMatchObject([{ seq: 1, traceId }])
    const untraced = await runCommand(['orders', 'show', matched.orderId], { env })
    expect(untraced.out).not.toContain('trace')
  })
})
