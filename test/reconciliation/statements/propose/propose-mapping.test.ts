import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { InvalidMappingError, parseMapping } from '../../../../src/reconciliation/statements/mapping.ts'
import { previewStatement } from '../../../../src/reconciliation/statements/preview.ts'
import { proposeMapping } from '../../../../src/reconciliation/statements/propose/propose-mapping.ts'
import { csvLine, HEADER, MAPPING } from '../../../support/factories/statement-files.ts'
import {
  type SheetCell,
  STYLES,
  workbookOf,
  workbookParts,
  zipArchive,
} from '../../../support/factories/workbooks.ts'

const ID = (n: number) => String(n).padStart(32, 'A')
const propose = (file: string | Buffer, sheet: string | null = null) =>
  proposeMapping(() => Readable.from([Buffer.from(file)]), sheet)

/** What is said of a field. */
async function said(file: string | Buffer, field: string) {
  const { notes } = await propose(file)
  return notes.filter((note) => note.field === field).map(({ is, says }) => `${is}: ${says}`)
}

/** What the first line is when the file is read as proposed. */
async function firstLine(file: string | Buffer, sheet: string | null = null) {
  const proposal = await propose(file, sheet)
  expect(proposal.notes.filter(({ is }) => is === 'unsure' || is === 'missing')).toEqual([])
  expect(proposal.isComplete).toBe(true)
  const bounds = { period: null, nowMs: Date.UTC(2026, 3, 1) }
  const bytes = Readable.from([Buffer.from(file)])
  const { lines, badLines } = await previewStatement(bytes, parseMapping(proposal.mapping), bounds, 1)
  expect(badLines).toEqual([])
  return lines[0]
}

const FIRST = { kind: 'buy', phoneNumber: '081234500001', goldWeight: 5_000, amount: 441_690 }

describe('a proposal of a mapping', () => {
  it.each<[what: string, file: string | Buffer, line: object]>([
    [
      'the sandbox’s statement',
      `${HEADER}\n${csvLine(1)}\n`,
      { sessionId: 'S1', responseId: 'R1', requestId: 'Q1', kind: 'buy', amount: 441_000, fee: 5_000 },
    ],
    [
      'an Indonesian bank’s, with rows above the header',
      `LAPORAN TRANSAKSI;;;;;;\nPeriode;01/02/2026;;;;;\n\nNo. Sesi;Jenis Transaksi;No. Telepon;Berat (gram);Nominal (Rp);Biaya;Tanggal\n${ID(1)};Pembelian;0812-3450-0001;0,5000 gr;Rp 441.690,-;5.000;25 Feb 2026 12.00 WIB\n`,
      { ...FIRST, sessionId: ID(1), fee: 5_000, executedAt: new Date('2026-02-25T05:00:00Z') },
    ],
    [
      'one with the currency beside the amount and beside the fee',
      `Jenis;No. HP;Berat (gram);Nominal (Rp);Biaya (Rp);Tanggal\nBeli;081234500001;0,5000;441.690;5.000;2026-02-25 12:00\n`,
      { ...FIRST, fee: 5_000 },
    ],
    [
      'one whose wallets, kinds and times only their values tell',
      `Emas;Rupiah;Kolom 1;Kolom 2;Kolom 3\n0.5;441690;081234500001;Beli;25/02/2026 12:00:00\n0.25;220000;081234500002;Jual;25/02/2026 12:01:00\n`,
      { ...FIRST, executedAt: new Date('2026-02-25T05:00:00Z') },
    ],
    [
      'a gzipped one with tabs',
      gzipSync('Type\tPhone\tGrams\tAmount\tDate\nbuy\t081234500001\t0.5\t441690\t2026-02-25 12:00\n'),
      FIRST,
    ],
    [
      'one in UTF-16',
      Buffer.from(
        '\uFEFFJenis;HP;Gram;Nominal;Waktu\nBeli;081234500001;0.5;441690;2026-02-25T12:00\n',
        'utf16le',
      ),
      FIRST,
    ],
    [
      'one in latin1',
      Buffer.from(
        'Jenis;HP;Gram;Nominal;Waktu;Catatan é\nBeli;081234500001;0.5;441690;2026-02-25T12:00;x\n',
        'latin1',
      ),
      FIRST,
    ],
  ])('reads %s', async (_what, file, line) => {
    expect(await firstLine(file)).toMatchObject(line)
  })

  it('reads a workbook, with numbers as numbers and amounts as text', async () => {
    const rows: SheetCell[][] = [
      ['Mutasi', null, null, null, null],
      ['Jenis', 'HP', 'Gram', 'Nominal', 'Tanggal'],
      ['Beli', { n: '81234500001' }, { n: '0.5' }, 'Rp 441.690,-', { n: '46078.5', s: STYLES.dateTime }],
    ]
    expect(await firstLine(workbookOf(rows))).toMatchObject(FIRST)
    const two = zipArchive(
      workbookParts([
        { name: 'Info', rows: [['x']] },
        { name: 'Data', rows },
      ]),
    )
    await expect(propose(two)).rejects.toThrow(/several sheets with values: "Info", "Data"/)
    expect(await firstLine(two, 'Data')).toMatchObject(FIRST)
    expect((await propose(two, 'Data')).mapping).toMatchObject({ sheet: 'Data', header_row: 'found' })
  })

  it('reads a workbook with subtotals and a total of formulas, whose rows it proposes as no transactions', async () => {
    const sum = { xml: '<c r="REF"><f>SUM(E2:E2)</f><v>441690</v></c>' }
    const line: SheetCell[] = [
      'S1',
      'Beli',
      '081234500001',
      { n: '0.5' },
      { n: '441690' },
      { n: '46078.5', s: STYLES.dateTime },
    ]
    const total = (word: string): SheetCell[] => [word, null, null, null, sum]
    const rows = [
      ['Sesi', 'Jenis', 'HP', 'Gram', 'Nominal', 'Tanggal'],
      line,
      total('Subtotal'),
      line,
      total('Total'),
    ]
    const file = workbookOf(rows)
    expect(await firstLine(file)).toMatchObject(FIRST)
    expect((await propose(file)).mapping).toMatchObject({
      ignored_rows: [{ column: 'Sesi', values: ['Subtotal'] }],
      trailer: { column: 'Sesi', values: ['Total'] },
    })
    expect(await said(file, 'trailer')).toEqual([
      'check: line 5 ends the file, by its word in "Sesi" (A): check it',
    ])
    const bounds = { period: null, nowMs: Date.UTC(2026, 3, 1) }
    const mapping = parseMapping((await propose(file)).mapping)
    expect(await previewStatement(Readable.from([file]), mapping, bounds, 9)).toMatchObject({
      badLines: [],
      lines: [{}, {}],
    })
  })

  it('of the sandbox’s statement is its mapping', async () => {
    const { mapping } = await propose(
      `${HEADER}\n${['buy', 'sell', 'transfer', 'withdraw'].map((type, n) => csvLine(n, { type })).join('\n')}\n`,
    )
    expect(parseMapping(mapping)).toEqual(MAPPING)
  })
})

const LINE = 'Beli,081234500001,0.5,441690,2026-02-25T12:00:00Z'
describe('a proposal says, and leaves open', () => {
  it.each<[what: string, file: string, field: string, note: RegExp]>([
    [
      'two columns of one field',
      `Jenis,HP,Gram,Nominal,Waktu,Amount\n${LINE},441690\n`,
      'amount',
      /^unsure: may be "Nominal" \(D\) or "Amount" \(F\): write the right heading into columns.amount/,
    ],
    [
      'a column that may be meant too',
      `Jenis,HP,Gram,Nominal,Waktu,Jumlah\n${LINE},441690\n`,
      'amount',
      /^check: "Nominal" \(D\), by its heading; "Jumlah" \(F\) may be meant too: check it/,
    ],
    [
      'a reference, which may be any id',
      `Jenis,HP,Gram,Nominal,Waktu,Referensi\n${LINE},A-1\n`,
      'session_id',
      /^unsure: may be "Referensi" \(F\).*, or leave it out/,
    ],
    [
      'a field that is not there',
      'Jenis,HP,Gram,Waktu\nBeli,081234500001,0.5,2026-02-25\n',
      'amount',
      /^missing: not found: write its heading/,
    ],
    [
      'an optional field that is not there',
      `Jenis,HP,Gram,Nominal,Waktu\n${LINE}\n`,
      'fee',
      /^check: not found; it is optional/,
    ],
    [
      'a heading whose values are others',
      `Jenis,HP,Gram,Nominal,Waktu\n${LINE.replace('441690', 'much')}\n`,
      'amount',
      /^missing: not found; "Nominal" \(D\) has other values/,
    ],
    [
      'a day that may be a month',
      `Jenis,HP,Gram,Nominal,Waktu\n${LINE.replace('2026-02-25T12:00:00Z', '02/03/2026 12:00')}\n`,
      'dates',
      /^unsure: may be dd\/MM\/yyyy HH:mm or MM\/dd\/yyyy HH:mm, because no day is above 12/,
    ],
    [
      'signs that may be either',
      'Jenis,HP,Gram,Nominal,Waktu\nBeli,081234500001,1.234,441690,2026-02-25\n',
      'decimal',
      /^unsure: may be "\." with thousands "" or "," with thousands "\.", and the numbers differ/,
    ],
    [
      'a word that may be a kind',
      `Jenis,HP,Gram,Nominal,Waktu\n${LINE}\n${LINE.replace('Beli', 'Hadiah 081234567890')}\n`,
      'kinds',
      /^unsure: "Hadiah 08x+890" may be a kind or not/,
    ],
    [
      'a time of day in another column',
      'Jenis,HP,Gram,Nominal,Tanggal,Jam\nBeli,081234500001,0.5,441690,25/02/2026,12:00\n',
      'dates',
      /^check: the times have no time of day.*it is in "Jam" \(F\)/,
    ],
    [
      'no header',
      '1,2,3\n4,5,6\n',
      'header_row',
      /^missing: none of the first 50 rows has headings that are known/,
    ],
  ])('%s', async (_what, file, field, note) => {
    expect(
      (await said(file, field)).some((each) => note.test(each)),
      (await said(file, field)).join('\n'),
    ).toBe(true)
  })

  it('in a mapping that cannot be added before it is decided', async () => {
    for (const file of [
      `Jenis,HP,Gram,Nominal,Waktu,Amount\n${LINE},441690\n`,
      `Jenis,HP,Gram,Nominal,Waktu\n${LINE.replace('2026-02-25T12:00:00Z', '02/03/2026 12:00')}\n`,
      'Jenis,HP,Gram,Nominal,Waktu\nBeli,081234500001,1.234,441690,2026-02-25\n',
    ]) {
      const proposal = await propose(file)
      expect(proposal.isComplete).toBe(false)
      expect(() => parseMapping(proposal.mapping)).toThrow(InvalidMappingError)
    }
  })

  it('takes no price, balance or recipient for an amount, a weight or a wallet', async () => {
    const file = `Jenis,HP,Gram,Nominal,Waktu,Harga per gram,Saldo (Rp),HP Penerima\n${LINE},883380,1,081234500002\n`
    expect((await propose(file)).mapping.columns).toEqual({
      ...{ kind: 'Jenis', phone_number: 'HP', gold_weight: 'Gram', amount: 'Nominal', executed_at: 'Waktu' },
    })
  })
})
