import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COLUMN_NAMES } from '../../src/batches/file/columns.ts'
import { BATCH_TRANSITIONS, type BatchTransition } from '../../src/batches/lifecycle.ts'
import { readPreview } from '../../src/batches/preview.ts'
import { RESULT_COLUMNS, writeResults } from '../../src/batches/results.ts'
import type { Rupiah } from '../../src/core/money.ts'
import { readText, tableRows } from '../ground/tables.ts'
import { RECIPIENT, WALLET } from '../support/factories/job-data.ts'
import {
  aPrefix,
  type BatchScene,
  buysFile,
  openBatchScene,
  withdrawalFile,
} from '../support/scenes/batch-scene.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'
import { unnamed } from '../support/unnamed.ts'

let scene: BatchScene
beforeAll(async () => {
  scene = await openBatchScene()
  // The partners of these tests share wallets.
  await decidePolicy(scene.databaseUrl, 'open')
})
afterAll(async () => {
  await scene?.close()
})

async function results(batchId: number) {
  let text = ''
  let most = 0
  const count = await scene.inSession((session) =>
    writeResults(session, batchId, async (piece) => {
      text += piece
      most = Math.max(most, piece.length)
    }),
  )
  return { text, count, most, lines: parse(text, { columns: true }) as Record<string, string>[] }
}

describe('results', () => {
  it('have one line an input row, in the order of the file, with its outcome and session_id', async () => {
    const batchId = await scene.batchIn('running', buysFile(5))
    const [first = '', second = '', third = ''] = await scene.feed({ mostInFlight: 4 })
    const numberOf = new Map(
      (
        await scene.rows<{ order_id: string; row_number: number }>(
          'SELECT order_id::text, row_number FROM batch_rows WHERE batch_id = $1',
          [batchId],
        )
      ).map(({ order_id, row_number }) => [order_id, row_number]),
    )
    await scene.end([first])
    await scene.end([second], 'rejected')
    await scene.end([third], 'in_doubt')
    const { lines, count } = await results(batchId)
    expect(count).toBe(5)
    expect(lines.map(({ row }) => row)).toEqual(['1', '2', '3', '4', '5'])
    expect(lines.map(({ line }) => line)).toEqual(['2', '3', '4', '5', '6'])
    const at = (orderId: string) => lines[(numberOf.get(orderId) ?? 0) - 1]
    expect(at(first)).toMatchObject({
      ...{
        outcome: 'succeeded',
        session_id: expect.stringMatching(/^S\d+$/),
        gold_weight: '0.5000',
        amount: '441000',
        fee: '5000',
      },
      order_id: first,
      settled_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
    expect(at(second)).toMatchObject({ outcome: 'rejected', reason: 'insufficient_balance', session_id: '' })
    expect(at(third)).toMatchObject({ outcome: 'in_doubt', reason: 'reply_lost', settled_at: '' })
    expect(lines[4]).toMatchObject({ outcome: 'waiting', order_id: '' })
  })

  it('are written in pieces of bounded size', async () => {
    const batchId = await scene.batchIn('cancelled', buysFile(4_500))
    const { lines, count, most } = await results(batchId)
    expect(count).toBe(4_500)
    expect(lines.map(({ row }) => Number(row))).toEqual(Array.from({ length: 4_500 }, (_, n) => n + 1))
    expect(lines[4_499]).toMatchObject({ outcome: 'not_sent', reason: 'batch_cancelled' })
    expect(most).toBeLessThan(200_000)
  })

  it('run no formula and show no phone number', async () => {
    const references = ['=1+1', '+1', '-1', '@SUM(A1)', 'a"b,c;d']
    const file = references
      .map((reference) =>
        JSON.stringify({
          ...{ kind: 'transfer', partner: aPrefix(), reference, phone_number: WALLET },
          ...{ recipient: RECIPIENT, gold_weight: 1 },
        }),
      )
      .join('\n')
    const { lines, text } = await results(await scene.batchIn('checked', file))
    expect(lines.map(({ reference }) => reference)).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", 'a"b,c;d'])
    for (const secret of [WALLET, RECIPIENT]) expect(text).not.toContain(secret)
  })
})

describe('a preview', () => {
  const price = (rupiah: number) => rupiah as Rupiah

  it('tells rows, grams and rupiah per kind, estimated at the prices it is given, in exact figures', async () => {
    const prefix = aPrefix()
    const row = (fields: object, n: number) =>
      JSON.stringify({ partner: 'acme', reference: `${prefix}-${n}`, phone_number: WALLET, ...fields })
    const file = [
      row({ kind: 'buy', gold_weight: '0.1' }, 1),
      row({ kind: 'buy', gold_weight: '0.2' }, 2),
      row({ kind: 'buy', amount: 1_000_000 }, 3),
      row({ kind: 'sell', gold_weight: '1.5', phone_number: `+62${WALLET.slice(1)}` }, 4),
      row({ kind: 'transfer', gold_weight: '2', recipient: RECIPIENT, phone_number: RECIPIENT }, 5),
    ].join('\n')
    const batchId = await scene.batchIn('checked', file + withdrawalFile(`${prefix}-w`).replace(/^/, '\n'))
    const read = (buy: Rupiah | null, sell: Rupiah | null) =>
      scene.inSession((session) => readPreview(session, batchId, { buy, sell }))
    const preview = await read(price(1_000_000), price(900_000))
    expect(preview.kinds).toEqual([
      {
        kind: 'buy',
        rows: 3,
        grams: '0.3000',
        rupiah: '1000000',
        estimatedGrams: '1.0000',
        estimatedRupiah: '300000',
        worthRupiah: null,
      },
      {
        kind: 'sell',
        rows: 1,
        grams: '1.5000',
        rupiah: '0',
        estimatedGrams: '0.0000',
        estimatedRupiah: '1350000',
        worthRupiah: null,
      },
      {
        kind: 'transfer',
        rows: 1,
        grams: '2.0000',
        rupiah: '0',
        estimatedGrams: '0.0000',
        estimatedRupiah: '0',
        worthRupiah: '2000000',
      },
      {
        kind: 'withdraw',
        rows: 1,
        grams: '2.0000',
        rupiah: '0',
        estimatedGrams: '0.0000',
        estimatedRupiah: '0',
        worthRupiah: '2000000',
      },
    ])
    expect(preview.total).toEqual({
      toPay: { stated: '1000000', estimated: '300000', total: '1300000' },
      toReceive: { stated: '0', estimated: '1350000', total: '1350000' },
      movedGrams: '4.0000',
      movedWorth: '4000000',
    })
    expect(preview.largest.map((row) => [row.rowNumber, row.rupiah, row.estimatedRupiah])).toEqual([
      [5, null, '2000000'],
      [6, null, '2000000'],
      [4, null, '1350000'],
      [3, '1000000', null],
      [2, null, '200000'],
      [1, null, '100000'],
    ])
    // One wallet in two spellings is one wallet.
    expect(preview).toMatchObject({ repeatedWallets: 1, topWallets: [{ wallet: '08xxxxxxx001', rows: 5 }] })
    const unknown = await read(null, null)
    expect(unknown.kinds[0]).toMatchObject({ estimatedGrams: null, estimatedRupiah: null })
    expect(unknown.total).toMatchObject({
      toPay: { stated: '1000000', estimated: null, total: null },
      movedGrams: '4.0000',
      movedWorth: null,
    })
    expect(unknown.largest.every(({ estimatedRupiah }) => estimatedRupiah === null)).toBe(true)
    expect(JSON.stringify(preview)).not.toContain(WALLET)
  })

  it('totals and ranks at most ten of 100,000 rows, without a digit lost', async () => {
    const batchId = await scene.batchIn('checked', buysFile(3))
    // A sealed batch takes no more rows, and a file of this size takes a minute to write and read.
    await scene.inSession((session) =>
      session.transaction(async () => {
        await session.run(unnamed('SET LOCAL session_replication_role = replica'))
        await session.run(
          unnamed(`INSERT INTO batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash)
            SELECT batch_id, n, n, partner, 'many-' || n, kind, phone_number, jsonb_build_object('amount', 999999999999), content_hash
            FROM batch_rows, generate_series(4, 100000) n WHERE batch_id = $1 AND row_number = 1`),
          [batchId],
        )
      }),
    )
    const preview = await scene.inSession((session) =>
      readPreview(session, batchId, { buy: price(1_000_000), sell: null }),
    )
    expect(preview.total.toPay).toEqual({
      stated: String(999_999_999_999n * 99_997n),
      estimated: '1500000',
      total: String(999_999_999_999n * 99_997n + 1_500_000n),
    })
    expect(preview.largest.map(({ rowNumber }) => rowNumber)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
  })

  it('tells references that are orders already, with the same and with other content', async () => {
    const prefix = aPrefix()
    const batchId = await scene.batchIn('running', buysFile(2, prefix))
    await scene.finish(batchId)
    const more = buysFile(3, prefix).replace(/^(.*-2,.*),0\.5$/m, '$1,0.6')
    const second = await scene.create(more)
    const preview = await scene.inSession((session) =>
      readPreview(session, second, { buy: null, sell: null }),
    )
    expect(preview).toMatchObject({ knownOrders: 1, conflicts: 1 })
  })
})

describe('what others rely on', () => {
  it('docs/batches.md has every transition with its reasons, and every column of the file', () => {
    const page = readText('docs/batches.md')
    expect(tableRows(page, 'Life of a batch')).toEqual(
      Object.entries<BatchTransition>(BATCH_TRANSITIONS).map(([move, { from, to, reasons }]) => [
        move,
        from?.join(', ') ?? '–',
        to,
        reasons.join(', '),
      ]),
    )
    expect(tableRows(page, 'The file').map(([name]) => name)).toEqual(COLUMN_NAMES)
  })

  it('docs/batches.md has every column of the results and of the views', async () => {
    const page = readText('docs/batches.md')
    expect(tableRows(page, 'Results').map(([name]) => name)).toEqual([...RESULT_COLUMNS])
    const views = await scene.rows<{ view: string; columns: string }>(
      `SELECT 'ops.' || table_name AS view, string_agg(column_name, ', ' ORDER BY ordinal_position) AS columns
       FROM information_schema.columns WHERE table_schema = 'ops' AND table_name LIKE 'batch%' GROUP BY 1 ORDER BY 1`,
    )
    expect(tableRows(page, 'The views').map(([view, , columns]) => ({ view, columns }))).toEqual(views)
  })
})
