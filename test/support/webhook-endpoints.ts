import type { Database } from '../../src/db/pool.ts'
import { newSecret } from '../../src/webhooks/signing.ts'
import { ORDER_EVENT_KINDS } from '../../src/webhooks/words.ts'
import { oneRow } from './stored-orders.ts'

export interface TestEndpoint {
  readonly id: number
  readonly secret: string
}

/** An endpoint of the partner that the tests' orders belong to. */
export async function anEndpoint(
  database: Database,
  url: string,
  { partner = 'acme', kinds = ORDER_EVENT_KINDS as readonly string[] } = {},
): Promise<TestEndpoint> {
  const secret = newSecret()
  const { id } = await oneRow<{ id: number }>(
    database,
    `INSERT INTO webhook_endpoints (partner, url, kinds, secret, created_by) VALUES ($1, $2, $3, $4, 'test') RETURNING id`,
    [partner, url, kinds, secret],
  )
  return { id, secret }
}
