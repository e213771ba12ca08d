import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelBatch } from '../../src/batches/commands.ts'
import { createBatch } from '../../src/batches/create.ts'
import { WALLET } from '../support/factories/job-data.ts'
import {
  ANI,
  aPrefix,
  type BatchScene,
  buysFile,
  openBatchScene,
  withdrawalFile,
} from '../support/scenes/batch-scene.ts'

let scene: BatchScene
beforeAll(async () => {
  scene = await openBatchScene()
})
afterAll(async () => {
  await scene?.close()
})

const create = (file: string | Readable) =>
  scene.inSession((session) =>
    createBatch(session, file instanceof Readable ? file : Readable.from([Buffer.from(file)]), {
      fileName: 'payroll.csv',
      partner: null,
      by: 'ani',
    }),
  )
const countRows = async () =>
  await scene.rows(
    'SELECT (SELECT count(*)::int FROM batches) AS batches, (SELECT count(*)::int FROM batch_rows) AS rows',
  )

describe('creating a batch', () => {
  it('stores every row in the order of the file and seals it with hashes of file and rows', async () => {
    const file = buysFile(2_001)
    const created = await create(file)
    if (created.is !== 'created') throw new Error('refused')
    const [batch] = await scene.rows<{ pages: number }>(
      `SELECT state, file_name, file_hash, row_count, content_hash, cardinality(page_hashes) AS pages FROM batches WHERE id = $1`,
      [created.batchId],
    )
    expect(batch).toEqual({
      state: 'checked',
      file_name: 'payroll.csv',
      file_hash: createHash('sha256').update(file).digest('hex'),
      row_count: 2_001,
      content_hash: created.contentHash,
      pages: 3,
    })
    const rows = await scene.rows<{ row_number: number; line_number: number; reference: string }>(
      'SELECT row_number, line_number, reference FROM batch_rows WHERE batch_id = $1 ORDER BY row_number',
      [created.batchId],
    )
    expect(rows).toHaveLength(2_001)
    expect(rows.every(({ row_number, line_number }) => line_number === row_number + 1)).toBe(true)
    expect(rows.every(({ row_number, reference }) => reference.endsWith(`-${row_number}`))).toBe(true)
  })

  it('stores nothing when a row is bad, and tells the first problems and how many rows are bad', async () => {
    const before = await countRows()
    const bad = Array.from({ length: 30 }, (_, n) => `gift,acme,X${n},${WALLET},1\n`).join('')
    expect(await create(buysFile(5) + bad)).toMatchObject({
      is: 'refused',
      badRows: 30,
      problems: expect.objectContaining({ length: 20, 0: expect.objectContaining({ lineNumber: 7 }) }),
    })
    expect(await countRows()).toEqual(before)
  })

  it.each(['', 'kind,reference,phone_number\n'])(
    'stores nothing of a file without rows: "%s"',
    async (file) => {
      const before = await countRows()
      await expect(create(file)).rejects.toThrow(/no rows|is empty/)
      expect(await countRows()).toEqual(before)
    },
  )

  it('stores nothing when the file breaks off', async () => {
    const before = await countRows()
    async function* broken() {
      yield Buffer.from(buysFile(3_000))
      throw Object.assign(new Error('gone'), { code: 'EIO' })
    }
    await expect(create(Readable.from(broken()))).rejects.toThrow('gone')
    expect(await countRows()).toEqual(before)
  })

  it('refuses the same rows twice, however they are written, until the first batch is cancelled', async () => {
    const prefix = aPrefix()
    const first = await scene.create(buysFile(3, prefix))
    const again = buysFile(3, prefix).replaceAll(',', ';').replaceAll('0.5', '0,5')
    expect(await create(again)).toEqual({
      ...{ is: 'known', batchId: first },
      ...{ fileName: 'test.csv', state: 'checked' },
    })
    await scene.inSession((session) => cancelBatch(session, first, ANI))
    expect(await create(again)).toMatchObject({ is: 'created', rows: 3 })
  })

  it('stores the same file once when two store it at once', async () => {
    const file = buysFile(500)
    const results = await Promise.all([create(file), create(file)])
    expect(results.map(({ is }) => is).sort()).toEqual(['created', 'known'])
    expect(new Set(results.map((result) => (result.is === 'refused' ? 0 : result.batchId))).size).toBe(1)
  })

  it.each(['a\\b', '\\N', 'tab\\t', 'emoji 😀 ключ', 'quote \' and "', '=HYPERLINK("x")', ' spaced'])(
    'keeps a reference as it is, without space around it: %s',
    async (reference) => {
      const order = { kind: 'transfer', partner: aPrefix(), reference, phone_number: WALLET, gold_weight: 1 }
      const file = JSON.stringify({ ...order, recipient: WALLET, remarks: reference })
      const created = await create(file)
      if (created.is !== 'created') throw new Error(JSON.stringify(created))
      const [row] = await scene.rows<{ reference: string; content: { remarks: string } }>(
        'SELECT reference, content FROM batch_rows WHERE batch_id = $1',
        [created.batchId],
      )
      expect(row).toMatchObject({ reference: reference.trim(), content: { remarks: reference } })
    },
  )

  it('keeps a withdrawal whole until it is sent', async () => {
    const batchId = await scene.create(withdrawalFile())
    const [row] = await scene.rows<{ content: object }>(
      'SELECT content FROM batch_rows WHERE batch_id = $1',
      [batchId],
    )
    expect(row?.content).toHaveProperty('ktp')
  })
})
