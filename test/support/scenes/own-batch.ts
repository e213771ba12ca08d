import { Readable } from 'node:stream'
import { approveBatch } from '../../../src/batches/commands.ts'
import { createBatch } from '../../../src/batches/create.ts'
import { NO_LIMITS } from '../../../src/partners/limits.ts'
import type { Database } from '../../../src/postgres/pool.ts'
import { WALLET } from '../factories/job-data.ts'
import { inSession } from '../servers/sessions.ts'
import type { TestWeb } from '../servers/web.ts'
import { unnamed } from '../unnamed.ts'
import { BATCH_HEADER, BUDI } from './batch-scene.ts'

let batches = 0

/** A batch of three buys that belongs to a partner, approved unless it is said otherwise. */
export async function partnerBatch(
  { databaseUrl }: TestWeb,
  partner: string,
  { isApproved = true } = {},
): Promise<number> {
  batches += 1
  const rows = [1, 2, 3].map((n) => `buy,${partner},B${batches}-${n},${WALLET},0.5\n`)
  const file = Buffer.from(`${BATCH_HEADER}\n${rows.join('')}`)
  return await inSession(databaseUrl, async (session) => {
    const owner = { partner, limits: NO_LIMITS }
    const request = { fileName: 'pay.csv', partner: null, by: `${partner}/ani`, owner }
    const created = await createBatch(session, Readable.from([file]), request)
    if (created.is !== 'created') throw new Error(JSON.stringify(created))
    const { batchId } = created
    if (isApproved) await approveBatch(session, batchId, BUDI, false)
    return batchId
  })
}

/** Makes a partner the owner of every batch that is stored from now on, as if it had sent it. */
export async function ownEveryBatch(database: Database, partner: string): Promise<void> {
  const statements = [
    `INSERT INTO partners (name, state, actor) VALUES ('${partner}', 'active', 'test')`,
    `CREATE FUNCTION own_batch() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       NEW.owner := '${partner}';
       NEW.created_by := '${partner}/main';
       RETURN NEW;
     END $$`,
    'CREATE TRIGGER a_batch_is_owned BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION own_batch()',
  ]
  for (const text of statements) await database.run(unnamed(text), [])
}
