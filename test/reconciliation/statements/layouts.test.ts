import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImportRequest } from '../../../src/reconciliation/statements/import.ts'
import { parseMapping } from '../../../src/reconciliation/statements/mapping.ts'
import { addMapping } from '../../../src/reconciliation/statements/mappings.ts'
import { rowsOf } from '../../support/factories/recorded-orders.ts'
import { importText } from '../../support/factories/statement-files.ts'
import { zipArchive } from '../../support/factories/workbooks.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { inSession } from '../../support/servers/sessions.ts'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(async () => {
  await scene?.close()
})

const HEADER = 'Session;Jenis;No HP;Berat;Jumlah;Biaya;Tanggal'
const BUY = 'S1;Beli;081234500001;0,5000 gr;Rp441.690,-;5.000;09 Feb 2026 12.00'
const SELL = 'S2;Jual;081234500002;0,2500 gr;Rp 220.000;;09 Peb 2026 12.05'
const TOTAL = 'Total;;;0,7500;661.690;5.000;'
const PREAMBLE = ['PT CONTOH', 'Periode;: 09/02/2026', '']

const SHAPE = {
  columns: {
    ...{ session_id: 'Session', kind: 'Jenis', phone_number: 'No HP', gold_weight: 'Berat' },
    ...{ amount: 'Jumlah', fee: 'Biaya', executed_at: 'Tanggal' },
  },
  kinds: { buy: ['Beli'], sell: ['Jual'] },
  ...{ delimiter: ';', decimal: ',', thousands: '.', dates: 'dd MMM yyyy HH.mm' },
}
const TRAILER = { column: 'Session', values: ['Total', 'Grand Total', 'Jumlah *'] }

let imports = 0
/** Imports lines by a mapping, each time as a source of its own. */
async function bring(lines: readonly string[], change: object = {}, request: Partial<ImportRequest> = {}) {
  imports += 1
  const name = `m${imports}`
  await addMapping(scene.database, name, parseMapping({ ...SHAPE, ...change }), 'test')
  const text = lines.map((line) => `${line}\r\n`).join('')
  return await inSession(scene.databaseUrl, (session) =>
    importText(session, text, { mapping: name, source: name, ...request }),
  )
}

describe('a header that is not the first row', () => {
  it.each<[what: string, change: object]>([
    ['by its line', { header_row: 4 }],
    ['found', { header_row: 'found' }],
  ])('is read when the mapping has it %s, and the rows above are counted and kept', async (_how, change) => {
    const result = await bring([...PREAMBLE, HEADER, BUY, '', ' ; ;', SELL], change)
    const ignored = { blank: 3, above_header: 2, ignored_kinds: 0, ignored_rows: 0, trailer: 0, joined: 0 }
    expect(result).toMatchObject({ is: 'imported', lineCount: 2, ignored })
    const [kept] = await rowsOf(
      scene.database,
      'SELECT ignored_rows, complete FROM statements ORDER BY id DESC LIMIT 1',
    )
    expect(kept).toEqual({ ignored_rows: ignored, complete: true })
  })

  it.each<[what: string, lines: readonly string[], change: object, sentence: RegExp]>([
    [
      'is not declared',
      [...PREAMBLE, HEADER, BUY],
      {},
      /^the header has no column Session, .*; line 4 has them all: declare "header_row": 4 in the mapping, or "header_row": "found"$/,
    ],
    [
      'is declared elsewhere',
      [...PREAMBLE, HEADER, BUY],
      { header_row: 2 },
      /^line 2, where .* has no column .*; line 4 has them all/,
    ],
    [
      'is declared on a blank line',
      [...PREAMBLE, HEADER, BUY],
      { header_row: 3 },
      /^line 3, where .* is blank .*; line 4 has them all/,
    ],
    [
      'is declared behind the end',
      [HEADER, BUY],
      { header_row: 9 },
      /^line 9, where .* is blank .*; line 1 has them all/,
    ],
    [
      'lacks a column',
      [...PREAMBLE, HEADER.replace('Jenis', 'Tipe'), BUY],
      {},
      /line 4 has the most of them, and no column Jenis$/,
    ],
    [
      'lacks a column and was to be found',
      [HEADER.replace('Jenis', 'Tipe'), BUY],
      { header_row: 'found' },
      /^none of the first 50 lines has all .*line 1 has the most .* no column Jenis$/,
    ],
    [
      'stands below the bound',
      [...Array(50).fill('x'), HEADER, BUY],
      { header_row: 'found' },
      /^none of the first 50 lines has all columns of the mapping$/,
    ],
    ['is nowhere', Array(3).fill('x'), {}, /^the header has no column Session, Jenis.*Tanggal$/],
    [
      'stands below a transaction',
      ['x', BUY, HEADER, SELL],
      { header_row: 'found' },
      /^line 2 reads as a transaction and is above the header/,
    ],
    [
      'stands below a broken transaction',
      ['x', BUY.replace('441', 'x'), HEADER, SELL],
      { header_row: 3 },
      /^line 2 reads as a transaction/,
    ],
    ['has a column twice', [`${HEADER};Jumlah`, `${BUY};1`], {}, /the column Jumlah more than once \(E, H\)/],
    ['has a column twice in another spelling', [`${HEADER}; jumlah `, `${BUY};1`], {}, /more than once/],
  ])('is refused when it %s', async (_what, lines, change, sentence) => {
    await expect(bring(lines, change)).rejects.toThrow(sentence)
  })

  it.each([
    ['in another case and with more space', HEADER.toUpperCase().replace('NO HP', ' "NO\n  HP" ')],
    ['with a soft hyphen and a byte order mark inside', HEADER.replace('Berat', 'Be\u00adrat\uFEFF')],
    ['with empty cells at its end', `${HEADER};; `],
    ['with a column nobody reads, twice', `${HEADER};x;x`],
  ])('is the same %s', async (_how, header) => {
    const end = ';'.repeat(Math.max(0, header.split(';').length - 7))
    expect(await bring([header.replace(' "', '"').replace('" ', '"'), BUY + end])).toMatchObject({
      lineCount: 1,
    })
  })
})

describe('rows that are no transactions', () => {
  it('are ignored by a trailer rule, whose totals agree', async () => {
    const trailer = { ...TRAILER, totals: ['amount', 'fee', 'gold_weight'] }
    expect(await bring([HEADER, BUY, SELL, TOTAL, ';;;;;;'], { trailer })).toMatchObject({
      is: 'imported',
      lineCount: 2,
      ignored: { blank: 1, trailer: 1 },
    })
  })

  it.each(['Total', 'total ', 'GRAND  TOTAL', 'Jumlah transaksi: 2'])(
    'are a trailer named %j',
    async (word) => {
      expect(await bring([HEADER, BUY, `${word};;;;;;`], { trailer: TRAILER })).toMatchObject({
        ignored: { trailer: 1 },
      })
    },
  )

  it('are ignored anywhere by ignored_rows, in fewer cells too', async () => {
    const ignored_rows = [
      { column: 'Session', values: ['Subtotal', 'Halaman *'] },
      { column: 'Jenis', values: ['Jenis'] },
    ]
    const lines = [HEADER, BUY, 'Subtotal;;;0,5', 'Halaman 1 dari 2', HEADER, SELL, TOTAL, 'Halaman 2 dari 2']
    expect(await bring(lines, { ignored_rows, trailer: TRAILER })).toMatchObject({
      is: 'imported',
      lineCount: 2,
      ignored: { ignored_rows: 4, trailer: 1 },
    })
  })

  it.each<[what: string, lines: readonly string[], change: object, bad: object]>([
    ['a total that no rule names', [HEADER, BUY, TOTAL], {}, { lineNumber: 3, column: 'Jenis' }],
    [
      'a transaction that a trailer rule matches',
      [HEADER, BUY, SELL.replace('S2', 'Total')],
      { trailer: TRAILER },
      {
        lineNumber: 3,
        problem: expect.stringMatching(/ignored by the mapping's trailer, and reads as a transaction/),
      },
    ],
    [
      'a broken transaction that a rule matches',
      [HEADER, BUY, 'Total;Jual;081234500002;?;?;?;?'],
      { ignored_rows: [TRAILER] },
      { lineNumber: 3, problem: expect.stringMatching(/ignored_rows, and reads as a transaction/) },
    ],
    [
      'a transaction below the trailer',
      [HEADER, BUY, TOTAL, SELL],
      { trailer: TRAILER },
      { lineNumber: 4, problem: expect.stringMatching(/below the trailer of line 3/) },
    ],
    [
      'a cell below no heading',
      [`${HEADER};;`, `${BUY};;x`],
      {},
      {
        lineNumber: 2,
        problem: expect.stringMatching(/has 9 cells where the header has 7: column I has no heading/),
      },
    ],
    [
      'a cell below a heading left empty',
      [HEADER.replace('No HP', 'No HP;'), BUY.replace('081234500001', '081234500001;x')],
      {},
      { lineNumber: 2, problem: expect.stringMatching(/column D has no heading/) },
    ],
    [
      'a row cut off',
      [HEADER, BUY.slice(0, 30)],
      {},
      { lineNumber: 2, problem: expect.stringMatching(/cells where/) },
    ],
  ])('are not: %s', async (_what, lines, change, bad) => {
    expect(await bring(lines, change)).toMatchObject({ is: 'refused', badLineCount: 1, badLines: [bad] })
    await expect(bring(lines, change, { badLines: 'skip' })).rejects.toThrow(/cannot be complete/)
  })

  it.each<[what: string, lines: readonly string[], change: object, sentence: RegExp]>([
    [
      'is missing',
      [HEADER, BUY],
      { trailer: TRAILER },
      /does not end with a trailer \(Session: Total, .*cut off/,
    ],
    [
      'has another sum of rupiah',
      [HEADER, BUY, TOTAL],
      { trailer: { ...TRAILER, totals: ['amount'] } },
      /total of amount in the trailer \(line 3\) is 661690, and the lines add up to 441690: lines are missing/,
    ],
    [
      'has another sum of grams',
      [HEADER, BUY, 'Total;;;0,5001;441.690;;'],
      { trailer: { ...TRAILER, totals: ['amount', 'gold_weight'] } },
      /total of gold_weight .* is 5001, and the lines add up to 5000 \(in 0\.0001 g\)/,
    ],
    [
      'has no number for a total',
      [HEADER, BUY, 'Total;;;0,5;?;;'],
      { trailer: { ...TRAILER, totals: ['amount'] } },
      /total of amount .* is not a number/,
    ],
    [
      'has nothing for a total',
      [HEADER, BUY, 'Total;;;;;;'],
      { trailer: { ...TRAILER, totals: ['amount'] } },
      /the trailer \(line 3\) has no total of amount/,
    ],
    [
      'is in a column that is not there',
      [HEADER, BUY],
      { trailer: { column: 'Ket', values: ['x'] } },
      /no column Ket/,
    ],
  ])('a statement is refused whose trailer %s', async (_what, lines, change, sentence) => {
    await expect(bring(lines, change)).rejects.toThrow(sentence)
  })

  it('leave a statement without its trailer usable where it need not be complete', async () => {
    expect(await bring([HEADER, BUY], { trailer: TRAILER }, { complete: false })).toMatchObject({
      lineCount: 1,
    })
  })

  it('are forgiven at the end of rows where they are empty', async () => {
    expect(await bring([`${HEADER};`, `${BUY};;;`, SELL])).toMatchObject({ is: 'imported', lineCount: 2 })
  })
})

describe('a statement as spreadsheets and servers leave it', () => {
  it.each<[what: string, file: string]>([
    ["with Excel's first line", ['sep=;', HEADER, BUY].join('\r\n')],
    ['with carriage returns alone', [HEADER, BUY, ''].join('\r')],
    ['with carriage returns alone and a first line', ['sep=;', HEADER, BUY].join('\r')],
  ])('%s is read', async (what, file) => {
    await addMapping(scene.database, 'sheet', parseMapping(SHAPE), 'test')
    const result = await inSession(scene.databaseUrl, (session) =>
      importText(session, file, { mapping: 'sheet', source: what }),
    )
    expect(result).toMatchObject({ is: 'imported', lineCount: 1, ignored: { blank: 0, above_header: 0 } })
  })

  it('that is a zip archive is named', async () => {
    const archive = zipArchive([{ name: 'statement.csv', content: 'a,b\n1,2\n' }])
    const zip = inSession(scene.databaseUrl, (session) => importText(session, archive))
    await expect(zip).rejects.toThrow('the file is a zip archive: unpack it and give the CSV file inside')
  })
})
