import { Readable } from 'node:stream'
import { createBatch } from '../../src/batches/create.ts'
import { approveBatch } from '../../src/batches/people.ts'
import { withSession } from '../../src/db/session.ts'
import { BATCH_HEADER, BUDI } from './batch-scene.ts'
import { WALLET } from './job-data.ts'
import type { TestWeb } from './web.ts'

let batches = 0

/** A batch of three buys that belongs to a partner, approved unless it is said otherwise. */
export async function ownBatch(
  { databaseUrl, database }: TestWeb,
  partner: string,
  { isApproved = true } = {},
): Promise<number> {
  batches += 1
  const rows = [1, 2, 3].map((n) => `buy,${partner},B${batches}-${n},${WALLET},0.5\n`)
  const file = Buffer.from(`${BATCH_HEADER}\n${rows.join('')}`)
  return await withSession(databaseUrl, async (session) => {
    const request = { fileName: 'pay.csv', partner: null, by: `${partner}/ani` }
    const created = await createBatch(session, Readable.from([file]), request)
    if (created.is !== 'created') throw new Error(JSON.stringify(created))
    const { batchId } = created
    const alter = (text: string) => database.run({ name: '', text }, [])
    await alter('ALTER TABLE batches DISABLE TRIGGER USER')
    await alter(`UPDATE batches SET owner = '${partner}' WHERE id = ${batchId}`)
    await alter('ALTER TABLE batches ENABLE TRIGGER USER')
    if (isApproved) await approveBatch(session, batchId, BUDI, false)
    return batchId
  })
}
