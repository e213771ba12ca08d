import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NumberedProblem } from '../../src/batches/copy-rows.ts'
import { createBatch } from '../../src/batches/create.ts'
import { checkFile } from '../../src/batches/file/check.ts'
import { type BatchOwner, ownerRowOptions } from '../../src/batches/owner.ts'
import { addPartnerWithKey } from '../../src/partners/commands.ts'
import { NO_LIMITS } from '../../src/partners/limits.ts'
import { WALLET } from '../support/factories/job-data.ts'
import { collectGarbage } from '../support/garbage.ts'
import { aPrefix, type BatchScene, openBatchScene } from '../support/scenes/batch-scene.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'

let scene: BatchScene
beforeAll(async () => {
  scene = await openBatchScene()
  // The partners of these tests share wallets.
  await decidePolicy(scene.databaseUrl, 'open')
  const deps = { database: scene.database, random: (n: number) => new Uint8Array(n), actor: 'person:test' }
  await addPartnerWithKey('own', { scopes: ['orders:write'], isSigned: false }, deps)
})
afterAll(async () => {
  await scene?.close()
})

const HEADER = 'kind,partner,reference,phone_number,amount\n'
const streamOf = (text: string) => Readable.from([Buffer.from(text)])

const create = (bytes: Readable, owner: BatchOwner | null) =>
  scene.inSession((session) =>
    createBatch(session, bytes, {
      fileName: 'sent.csv',
      partner: owner === null ? 'acme' : null,
      by: owner === null ? 'ani' : 'own/main',
      owner,
    }),
  )

/** Everything that is wrong with a file, as it is found in the program's own memory. */
async function checked(text: string, owner: BatchOwner | null) {
  const problems: NumberedProblem[] = []
  const options = owner === null ? { partner: 'acme' } : ownerRowOptions(owner)
  const counts = await checkFile(streamOf(text), options, async (found, _source, _delimiter, rowNumber) => {
    problems.push(...found.map((problem) => ({ rowNumber, ...problem })))
  })
  return { badRows: counts.badRows, problems: problems.slice(0, 20) }
}

describe('references that stand twice', () => {
  it('are found in Postgres as they are in memory, with every other problem of the file', async () => {
    const row = fc.record({
      kind: fc.constantFrom('buy', 'buy', 'buy', 'buy', 'gift'),
      partner: fc.constantFrom('', '', '', 'other'),
      reference: fc.constantFrom('A', 'B\\N', 'C', 'D', 'E', 'F', 'G', 'H'),
      amount: fc.constantFrom('100', '100', '100', '999', 'many'),
    })
    const owner = { partner: 'own', limits: { ...NO_LIMITS, rupiahPerOrder: 500n } }
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 2, maxLength: 40 }),
        fc.constantFrom(null, owner),
        async (rows, by) => {
          const lines = rows.map(
            ({ kind, partner, reference, amount }) => `${kind},${partner},${reference},${WALLET},${amount}\n`,
          )
          const text = HEADER + lines.join('')
          const expected = await checked(text, by)
          fc.pre(expected.badRows > 0)
          expect(await create(streamOf(text), by)).toEqual({ is: 'refused', ...expected })
        },
      ),
      { numRuns: 40 },
    )
    expect(await scene.rows('SELECT id FROM batches')).toEqual([])
  })

  it('are refused by Postgres for everybody else at once', async () => {
    const created = await create(
      streamOf(`${HEADER}buy,acme,Z1,${WALLET},100\nbuy,acme,Z2,${WALLET},100\n`),
      null,
    )
    if (created.is !== 'created') throw new Error(JSON.stringify(created))
    const again = scene.rows(
      `INSERT INTO batches (file_name, state, reason, actor, created_by) VALUES ('x', 'draft', 'created', 'person:ani', 'ani') RETURNING id`,
    )
    const [draft] = (await again) as { id: number }[]
    const insert = scene.rows(
      `INSERT INTO batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash)
        SELECT $1, n, n, 'acme', 'Z1', 'buy', '${WALLET}', '{}', 'h' FROM generate_series(1, 2) n`,
      [draft?.id],
    )
    await expect(insert).rejects.toMatchObject({ constraint: 'batch_rows_reference' })
  })
})

describe('creating a large batch', () => {
  it('holds memory that does not grow with its rows', async () => {
    const heldBy = async (count: number) => {
      const prefix = aPrefix()
      let held = 0
      async function* chunks() {
        collectGarbage()
        const before = process.memoryUsage().heapUsed
        yield Buffer.from(HEADER)
        for (let n = 0; n < count; n += 500) {
          const rows = Array.from({ length: 500 }, (_, at) => `buy,acme,${prefix}-${n + at},${WALLET},100\n`)
          yield Buffer.from(rows.join(''))
        }
        collectGarbage()
        held = process.memoryUsage().heapUsed - before
      }
      const created = await create(Readable.from(chunks()), null)
      expect(created.is).toBe('created')
      return held
    }
    await heldBy(1_000)
    const few = await heldBy(5_000)
    // The references alone of 35,000 more rows took 4 MiB.
    expect((await heldBy(40_000)) - few).toBeLessThan(2 * 2 ** 20)
  })
})
