import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMapping } from '../../../src/reconciliation/statements/mapping.ts'
import { previewStatement } from '../../../src/reconciliation/statements/preview.ts'
import { copyText, newTally } from '../../../src/reconciliation/statements/read-file.ts'
import { statementRecords } from '../../../src/reconciliation/statements/statement-records.ts'
import { type SheetCell, STYLES, workbookOf, workbookOfCsv } from '../../support/factories/workbooks.ts'

const SHAPE = {
  columns: {
    ...{ session_id: 'Sesi', kind: 'Jenis', phone_number: 'No HP', gold_weight: 'Gram' },
    ...{ amount: 'Jumlah', fee: 'Biaya', executed_at: 'Tanggal' },
  },
  kinds: { buy: ['Beli'], sell: ['Jual'] },
  delimiter: ';',
}
const BOUNDS = { period: null, nowMs: Date.UTC(2026, 3, 1) }
const HEADER = ['Sesi', 'Jenis', 'No HP', 'Gram', 'Jumlah', 'Biaya', 'Tanggal']
const ROW: readonly SheetCell[] = [
  ...['S1', 'Beli', '081234500001'],
  ...[{ n: '0.5' }, { n: '441690' }, { n: '5000' }, { n: '46062.5', s: STYLES.dateTime }],
]

/** What is stored of a file. */
async function resultOf(file: Buffer | string, change: object = {}) {
  const mapping = parseMapping({ ...SHAPE, ...change })
  const tally = newTally()
  let copied = ''
  const records = statementRecords(Readable.from([Buffer.from(file)]), mapping)
  for await (const part of copyText(records, 7, mapping, BOUNDS, tally)) copied += part
  return { copied, tally, hash: records.contentHash() }
}

const withCell = (column: number, cell: SheetCell) => ROW.map((each, at) => (at === column ? cell : each))
const row = fc.record({
  id: fc.stringMatching(/^[A-Z0-9]{1,12}$/),
  kind: fc.constantFrom('Beli', 'Jual', ' beli'),
  wallet: fc.nat({ max: 99_999_999 }).map((n) => `0812${String(n).padStart(8, '0')}`),
  grams: fc.integer({ min: 1, max: 2_000_000 }),
  rupiah: fc.nat({ max: 2_000_000_000 }),
  fee: fc.option(fc.nat({ max: 99_999 })),
  second: fc.nat({ max: 80 * 86_400 - 1 }),
})
const DAY_46023 = Date.UTC(2026, 0, 1)

describe('a statement as a workbook', () => {
  it.each([
    { decimal: '.', thousands: '', dates: 'iso' },
    { decimal: ',', thousands: '.', dates: 'EEEE, dd MMMM yyyy HH:mm:ss WIB' },
    { decimal: ',', thousands: '', dates: 'dd/MM/yy hh.mm.ss a' },
  ])(
    'has the lines of the same table as CSV, whatever signs and dates its mapping has: %j',
    async (signs) => {
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
          const cells = rows.map(({ id, kind, wallet, grams, rupiah, fee, second }): readonly SheetCell[] => {
            const days = String(46_023 + second / 86_400)
            const terms = [
              { n: String(grams / 10_000) },
              { n: String(rupiah) },
              fee === null ? null : { n: String(fee) },
            ]
            return [id, kind, wallet, ...terms, { n: days, s: STYLES.dateTime }]
          })
          const csv = rows.map(({ id, kind, wallet, grams, rupiah, fee, second }) => {
            const time = new Date(DAY_46023 + second * 1_000).toISOString().slice(0, -5)
            return [id, kind, wallet, String(grams / 10_000), rupiah, fee ?? '', time].join(';')
          })
          const asCsv = await resultOf([HEADER.join(';'), ...csv].join('\n'))
          const asWorkbook = await resultOf(workbookOf([HEADER, ...cells]), signs)
          expect(asCsv.tally.badLines).toEqual([])
          expect(asWorkbook.copied).toBe(asCsv.copied)
          expect(asWorkbook.tally).toEqual(asCsv.tally)
        }),
        { numRuns: 15 },
      )
    },
  )

  it('of texts alone equals its CSV', async () => {
    const csv = `${HEADER.join(';')}\nS1;Beli;081234500001;0,5;Rp 441.690,-;5.000;09/02/2026 12:00\n`
    const signs = { decimal: ',', thousands: '.', dates: 'dd/MM/yyyy HH:mm' }
    expect((await resultOf(workbookOfCsv(csv, ';'), signs)).copied).toBe((await resultOf(csv, signs)).copied)
  })

  it('is previewed as it is imported, and read no further', async () => {
    const file = Readable.from([workbookOf([HEADER, ROW, ROW, ROW])])
    const preview = await previewStatement(file, parseMapping(SHAPE), BOUNDS, 2)
    expect(preview.lines).toMatchObject([
      { sessionId: 'S1', amount: 441_690, goldWeight: 5_000 },
      { lineNumber: 3 },
    ])
  })

  it('has a bad line where a cell that the mapping reads is a formula, and none where nothing reads it', async () => {
    const formula = { xml: '<c r="REF"><f>1+1</f><v>2</v></c>' }
    const bad = await resultOf(workbookOf([HEADER, ROW, withCell(4, formula)]))
    expect(bad.tally.badLines).toMatchObject([
      {
        lineNumber: 3,
        column: 'Jumlah',
        problem: expect.stringMatching(/^E3 has a formula: copy the table/),
      },
    ])
    const beside = await resultOf(
      workbookOf([
        [...HEADER, 'Saldo'],
        [...ROW, formula],
      ]),
    )
    expect(beside.tally).toMatchObject({ lineCount: 1, badLines: [] })
  })

  it('counts its trailer, whose totals must be values when they are compared', async () => {
    const total = (cell: SheetCell) => workbookOf([HEADER, ROW, ['Total', null, null, null, cell]])
    const trailer = { column: 'Sesi', values: ['Total'], totals: ['amount'] }
    const formula = { xml: '<c r="REF"><f>SUM(E2:E2)</f><v>441690</v></c>' }
    expect((await resultOf(total({ n: '441690' }), { trailer })).tally.ignored.trailer).toBe(1)
    await expect(resultOf(total({ n: '441691' }), { trailer })).rejects.toThrow(/lines add up to 441690/)
    await expect(resultOf(total(formula), { trailer })).rejects.toThrow(
      /the total of amount: E3 has a formula/,
    )
    const ignored = { trailer: { ...trailer, totals: [] } }
    expect((await resultOf(total(formula), ignored)).tally.ignored.trailer).toBe(1)
  })

  it('has no ignored row whose kind and wallet may be a transaction behind a formula', async () => {
    const formula = { xml: '<c r="REF" t="str"><f>A1</f><v>Beli</v></c>' }
    const rules = { ignored_rows: [{ column: 'Sesi', values: ['S1'] }] }
    const { tally } = await resultOf(workbookOf([HEADER, withCell(1, formula)]), rules)
    expect(tally.badLines).toMatchObject([{ problem: expect.stringMatching(/reads as a transaction/) }])
  })

  it('may have a title that is merged over several rows above its header', async () => {
    const title = ['Statement', null, null, null, null, null, null]
    const file = workbookOf([title, [...title.slice(1), null, 'Page 1'], HEADER, ROW], { merges: ['A1:G2'] })
    expect((await resultOf(file, { header_row: 'found' })).tally).toMatchObject({
      lineCount: 1,
      badLines: [],
    })
  })

  it('has a bad line where a wallet is merged over several rows', async () => {
    const file = workbookOf([HEADER, ROW, withCell(2, null)], { merges: ['C2:C3'] })
    expect((await resultOf(file)).tally.badLines).toMatchObject([
      {
        lineNumber: 3,
        column: 'No HP',
        problem: expect.stringMatching(/^C3 is within the merged cells C2:C3/),
      },
    ])
  })

  it('whose date has no zone is not read where the mapping reads one from the file', async () => {
    const { tally } = await resultOf(workbookOf([HEADER, ROW]), { dates: 'dd/MM/yyyy HH:mm z' })
    expect(tally.badLines).toMatchObject([{ problem: expect.stringMatching(/^G2 is a date without a zone/) }])
  })
})
