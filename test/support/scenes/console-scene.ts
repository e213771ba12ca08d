import { askPage, signIn } from '../servers/console.ts'
import { sql } from '../servers/sessions.ts'
import { buysFile } from './batch-scene.ts'

/** Markup as a partner or the gateway may write it anywhere. */
export const EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)>'

const EVENT = '0190a000-0000-7000-8000-00000000000e'

/** A partner with an endpoint that gave up a delivery, and a closed switch: what the newer pages have to show. */
export async function recordPartner(databaseUrl: string): Promise<void> {
  const run = (text: string) => sql(databaseUrl, text)
  await run(
    `INSERT INTO partners (name, state, actor, rupiah_per_day) VALUES ('acme', 'active', 'person:adi', 1000000)`,
  )
  await run(`INSERT INTO webhook_endpoints (partner, url, kinds, secret, failing_since, created_by)
    VALUES ('acme', 'https://acme.example/hook', '{order.succeeded,order.resolved}', 'whsec_x', now(), 'adi')`)
  await run(`INSERT INTO webhook_events (id, kind, at) VALUES ('${EVENT}', 'webhook.test', now())`)
  await run(`INSERT INTO webhook_deliveries (endpoint_id, event_id, state, tries, next_at, ended_at)
    VALUES (1, '${EVENT}', 'given_up', 1, now(), now())`)
  await run(`INSERT INTO webhook_tries (event_id, endpoint_id, try, at, duration_ms, http_status, reply)
    VALUES ('${EVENT}', 1, 1, now(), 12, 500, '${EVIL}')`)
}

/** The pages of one batch, one partner, its wallets, its deliveries and one of them. */
export const PARTNER_PAGES = [
  '/partners/acme',
  '/partners/acme/wallets',
  '/partners/acme/deliveries',
  `/deliveries/${EVENT}`,
]

/** Uploads a batch as mira; its page. */
export async function uploadBatch(consoleUrl: string): Promise<string> {
  const form = new FormData()
  form.set('file', new Blob([buysFile(3)]), 'pay.csv')
  const sent = await askPage(consoleUrl, 'POST', '/batches/upload', {
    as: await signIn(consoleUrl, 'mira'),
    form,
  })
  return sent.headers.get('location')?.split('?')[0] ?? ''
}
