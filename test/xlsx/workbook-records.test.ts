import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FileRefused } from '../../src/csv/file-refused.ts'
import { readHead } from '../../src/csv/head.ts'
import type { FileRecord } from '../../src/csv/records.ts'
import { type WorkbookShape, workbookRecords } from '../../src/xlsx/workbook-records.ts'
import {
  type SheetCell,
  STYLES,
  workbookOf,
  workbookParts,
  type ZipPart,
  zipArchive,
} from '../support/factories/workbooks.ts'

const SHAPE: WorkbookShape = {
  decimal: '.',
  sheet: null,
  writeDate: (ms) => new Date(ms).toISOString().slice(0, -1),
}

async function read(file: Buffer, shape: Partial<WorkbookShape> = {}) {
  const { head, all } = await readHead(Readable.from([file]) as AsyncIterable<Buffer>, 64 * 1024)
  const records = workbookRecords({ head, bytes: all }, { ...SHAPE, ...shape }, () => {})
  const rows: FileRecord[] = []
  for await (const some of records.read()) rows.push(...some)
  return { rows, blank: records.blankRows(), hash: records.contentHash() }
}

/** The text of a cell that is alone in a sheet, or why it cannot be read. */
async function cell(given: SheetCell, shape: Partial<WorkbookShape> = {}, workbookPr = '') {
  const file = zipArchive(workbookParts([{ name: 'A', rows: [[given]] }], workbookPr))
  const [row] = (await read(file, shape)).rows
  return row?.unreadable?.get(0) ?? row?.cells[0]
}

const xml = (attributes: string, content: string): SheetCell => ({
  xml: `<c r="REF"${attributes}>${content}</c>`,
})

describe('a sheet', () => {
  it('is read as records: empty cells between and behind, blank rows counted, hidden rows like any others', async () => {
    const file = workbookOf(
      [['A', null, 'C', 'D'], [], ['1', { inline: ' x & <y> ' }], [{ n: '2' }, null, null, '']],
      { hiddenRows: [3] },
    )
    const { rows, blank } = await read(file)
    expect(rows).toEqual([
      { cells: ['A', '', 'C', 'D'], lineNumber: 1 },
      { cells: ['1', ' x & <y> ', '', ''], lineNumber: 3 },
      { cells: ['2', '', '', ''], lineNumber: 4 },
    ])
    expect(blank).toBe(1)
  })

  it('is the only visible one with a value, or the one that is named', async () => {
    const sheets = [
      { name: 'Empty', rows: [[]] },
      { name: 'Old', rows: [['old']], state: 'hidden' as const },
      { name: 'Mutasi', rows: [['new']] },
    ]
    const file = zipArchive(workbookParts(sheets))
    expect((await read(file)).rows[0]?.cells).toEqual(['new'])
    expect((await read(file, { sheet: ' mutasi' })).rows[0]?.cells).toEqual(['new'])
    expect((await read(file, { sheet: 'Old' })).rows[0]?.cells).toEqual(['old'])
    await expect(read(file, { sheet: 'March' })).rejects.toThrow(
      /no sheet "March", which the mapping names; it has "Empty", "Old", "Mutasi"/,
    )
    const two = zipArchive(workbookParts([...sheets, { name: 'Info', rows: [['x']] }]))
    await expect(read(two)).rejects.toThrow(
      /several sheets with values: "Mutasi", "Info"; name the one to read in the mapping, such as "sheet": "Mutasi"/,
    )
    const hidden = zipArchive(workbookParts(sheets.slice(0, 2)))
    await expect(read(hidden)).rejects.toThrow(
      /no visible sheet of the workbook has a value: show the sheet "Old"/,
    )
    await expect(read(workbookOf([]))).rejects.toThrow('the workbook has no sheet with a value')
  })

  it('has empty cells of any type, also far to the right', async () => {
    const file = workbookOf([
      ['A', 'B', 'C', xml(' t="s"', ''), xml(' t="b"', '<v></v>'), xml('', '<v></v>')],
    ])
    expect((await read(file)).rows).toEqual([{ cells: ['A', 'B', 'C'], lineNumber: 1 }])
    const far = workbookOf([], {
      xml: '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row></sheetData></worksheet>',
    })
    expect((await read(far)).rows).toEqual([{ cells: ['1'], lineNumber: 1 }])
  })

  it('is read with another prefix, without places, and with texts in several styles', async () => {
    const file = workbookOf([], {
      xml: `<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:r><x:t>S</x:t></x:r><x:r><x:t>1</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh></x:is></x:c><x:c><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
    })
    expect((await read(file)).rows).toEqual([{ cells: ['S1', '7'], lineNumber: 1 }])
  })

  it('is given in groups as it is read, so that memory does not grow with its rows', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => [`ID${n}`, { n: String(n) }])
    const { head, all } = await readHead(
      Readable.from([workbookOf(rows)]) as AsyncIterable<Buffer>,
      64 * 1024,
    )
    const groups: number[] = []
    for await (const some of workbookRecords({ head, bytes: all }, SHAPE, () => {}).read())
      groups.push(some.length)
    expect(groups.reduce((sum, count) => sum + count)).toBe(20_000)
    expect(Math.max(...groups)).toBeLessThan(4_000)
  })

  it.runIf(existsSync('/proc/self/fd'))(
    'leaves no temporary file open when its reader stops early',
    async () => {
      const openFiles = () =>
        readdirSync('/proc/self/fd').filter((fd) => {
          try {
            return readlinkSync(`/proc/self/fd/${fd}`).includes('goldpro-')
          } catch {
            return false
          }
        }).length
      const before = openFiles()
      const file = Readable.from([workbookOf(Array.from({ length: 20_000 }, () => ['x', 'y']))])
      const { head, all } = await readHead(file as AsyncIterable<Buffer>, 64 * 1024)
      for await (const some of workbookRecords({ head, bytes: all }, SHAPE, () => {}).read()) {
        expect(some.length).toBeGreaterThan(0)
        expect(openFiles()).toBe(before + 1)
        break
      }
      expect(openFiles()).toBe(before)
    },
  )

  it('has the same hash when the same table is saved again', async () => {
    const rows = [
      ['A', 'B'],
      ['1', { n: '2' }],
    ] as const
    const once = await read(workbookOf(rows))
    const again = await read(
      workbookOf(
        [
          ['A', 'B'],
          [{ inline: '1' }, { n: '2' }],
        ],
        { name: 'Other' },
      ),
    )
    expect(again.hash).toBe(once.hash)
    expect(
      (
        await read(
          workbookOf([
            ['A', 'B'],
            ['1', '3'],
          ]),
        )
      ).hash,
    ).not.toBe(once.hash)
  })

  it('marks cells that are merged over rows, and values under merged cells, by their names', async () => {
    const file = workbookOf(
      [
        ['Statement', null, null],
        ['A', 'B', 'C'],
        ['1', 'x', 'y'],
        ['2', null, 'hidden'],
        ['Total', null, null],
      ],
      { merges: ['A1:C1', 'B3:B4', 'A5:C5'] },
    )
    const { rows } = await read(file)
    expect(rows.map(({ unreadable }) => [...(unreadable?.values() ?? [])])).toEqual([
      [],
      [],
      [],
      ['B4 is within the merged cells B3:B4: unmerge them, and fill in every cell'],
      [],
    ])
    const under = await read(workbookOf([['1', '2']], { merges: ['A1:B1'] }))
    expect(under.rows[0]?.unreadable?.get(1)).toMatch(/^B1 is within the merged cells A1:B1/)
    await expect(read(workbookOf([['1']], { merges: ['A1:B2', 'B1:C1'] }))).rejects.toThrow(/overlap/)
  })
})

describe('a cell', () => {
  it.each<[what: string, given: SheetCell, text: string]>([
    ['a whole number', { n: '441690' }, '441690'],
    ['decimals as they are written', { n: '0.5000' }, '0.5000'],
    ['a number with an exponent', { n: '1.2E+6' }, '1200000'],
    ['a small number with an exponent', { n: '5.0000000000000001E-4' }, '0.0005'],
    ['what a spreadsheet writes of 1.1', { n: '1.1000000000000001' }, '1.1'],
    ['what a spreadsheet writes of 0.0353', { n: '3.5299999999999998E-2' }, '0.0353'],
    ['a negative number', { n: '-5' }, '-5'],
    ['fifteen digits', { n: '999999999999999' }, '999999999999999'],
    ['a rupiah format', { n: '441690', s: STYLES.rupiah }, '441690'],
    ['a date', { n: '46062', s: STYLES.date }, '2026-02-09T00:00:00.000'],
    ['a date with a time', { n: '46062.536180555557', s: STYLES.dateTime }, '2026-02-09T12:52:06.000'],
    ['a time of day', { n: '0.53618055555555555', s: STYLES.time }, '12:52:06'],
    ['a date as text of the file', xml(' t="d"', '<v>2026-02-09T12:52:06</v>'), '2026-02-09T12:52:06.000'],
    ['a text with a control character', { inline: 'a_x0041_b' }, 'aAb'],
    ['a text that is a formula for nobody', { inline: '=SUM(A1)' }, '=SUM(A1)'],
  ])('that is %s is read exactly', async (_what, given, text) => {
    expect(await cell(given)).toBe(text)
  })

  it.each<[what: string, given: SheetCell, problem: RegExp]>([
    [
      'a formula',
      xml('', '<f>SUM(B1:B9)</f><v>7</v>'),
      /^A1 has a formula: copy the table, and paste it as values/,
    ],
    ['a formula with a text', xml(' t="str"', '<f>A2</f><v>buy</v>'), /^A1 has a formula/],
    ['an error', xml(' t="e"', '<v>#N/A</v>'), /^A1 is the error #N\/A/],
    ['a boolean', xml(' t="b"', '<v>1</v>'), /^A1 is TRUE/],
    ['the result of a computation', { n: '0.30000000000000004' }, /^A1 has more than the 15 digits/],
    ['an id that was rounded', { n: '1082102090000010' }, /^A1 has more than 15 digits before the point/],
    ['a long id', { n: '1082102090000011' }, /^A1 has more than/],
    [
      'a rounded id with an exponent',
      { n: '1.08210209E+16' },
      /^A1 has more than 15 digits before the point/,
    ],
    ['not a number', { n: 'abc' }, /^A1 is not a number/],
    ['far too large', { n: '1E+99' }, /^A1 is far too large/],
    ['a percentage', { n: '0.5', s: STYLES.percent }, /^A1 is a percentage/],
    ['shown with zeros in front', { n: '123', s: STYLES.zeros }, /^A1 is shown with zeros in front/],
    ['a duration', { n: '1.5', s: STYLES.elapsed }, /^A1 is a duration/],
    ['a negative date', { n: '-1', s: STYLES.date }, /^A1 has the format of a date/],
    ['a day that never was', { n: '60', s: STYLES.date }, /^A1 has the format of a date/],
    ['a date beyond all dates', { n: '9999999', s: STYLES.date }, /^A1 has the format of a date/],
  ])('that is %s is not read, and named', async (_what, given, problem) => {
    expect(await cell(given)).toMatch(problem)
  })

  it('has the decimal sign of the mapping, so that 1.234 g are not 1234 g', async () => {
    expect(await cell({ n: '1.234' }, { decimal: ',' })).toBe('1,234')
  })

  it('has another date where the days count from 1904', async () => {
    const pr = '<workbookPr date1904="1"/>'
    expect(await cell({ n: '44600', s: STYLES.date }, {}, pr)).toBe('2026-02-09T00:00:00.000')
  })

  it('that is a date which the mapping cannot read says so', async () => {
    const given = { n: '46062', s: STYLES.date }
    expect(await cell(given, { writeDate: () => null })).toMatch(/^A1 is a date without a zone/)
  })
})

const parts = () => workbookParts([{ name: 'A', rows: [['a', { n: '1' }]] }])
const without = (name: string) => parts().filter((part) => part.name !== name)
const withPart = (part: ZipPart) => [...without(part.name), part]
const sheet = (rows: string) => ({
  name: 'xl/worksheets/sheet1.xml',
  content: `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
})

describe('a workbook is refused', () => {
  it.each<[what: string, file: () => Buffer, sentence: RegExp]>([
    ['that is cut off', () => zipArchive(parts()).subarray(0, 900), /damaged or cut off/],
    ['with only the beginning of an archive', () => Buffer.from('PK\x03\x04'), /damaged or cut off/],
    ['whose part was changed', () => tampered(), /damaged or cut off/],
    [
      'that is binary',
      () => zipArchive([{ name: 'xl/workbook.bin', content: '' }]),
      /binary Excel workbook \(\.xlsb\): open it in a spreadsheet and save it as/,
    ],
    [
      'that is a Word document',
      () =>
        zipArchive([
          { name: '[Content_Types].xml', content: '' },
          { name: 'word/document.xml', content: '' },
        ]),
      /Office document/,
    ],
    [
      'that is a zip archive of CSV',
      () => zipArchive([{ name: 'a.csv', content: 'a' }]),
      /is a zip archive: unpack it/,
    ],
    [
      'that is encrypted',
      () => zipArchive(parts().map((part) => ({ ...part, isEncrypted: true }))),
      /encrypted/,
    ],
    [
      'with two parts of a name',
      () => zipArchive([...parts(), ...parts()]),
      /two of its parts have the same name/,
    ],
    [
      'whose list of sheets names no part',
      () =>
        zipArchive(
          withPart({
            name: 'xl/_rels/workbook.xml.rels',
            content:
              '<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="http://["/></Relationships>',
          }),
        ),
      /a part has an invalid name/,
    ],
    ['with a path out of it', () => zipArchive(withPart({ name: '../../x', content: '' })), /damaged/],
    [
      'without its sheet',
      () => zipArchive(without('xl/worksheets/sheet1.xml')),
      /no part "xl\/worksheets\/sheet1.xml"/,
    ],
    ['with too many parts', () => zipArchive(manyParts()), /more than 4096 parts/],
    [
      'that unpacks to far more than it has',
      () => zipArchive(withPart({ ...sheet(''), content: Buffer.alloc(17 * 1024 * 1024, 32) })),
      /unpacks to far more/,
    ],
    [
      'that unpacks to more than it says',
      () => zipArchive(withPart({ ...sheet('<row/>'.repeat(9_999)), claimedSize: 100 })),
      /damaged/,
    ],
    ['with a document type', () => zipArchive(withPart(bomb())), /declares a document type/],
    ['with broken XML', () => zipArchive(withPart(sheet('<row><c></row>'))), /not well-formed XML/],
    [
      'that is not UTF-8',
      () => zipArchive(withPart({ ...sheet(''), content: Buffer.from('<a>\xff</a>', 'latin1') })),
      /not UTF-8/,
    ],
    ['that is nested deep', () => zipArchive(withPart(sheet('<a>'.repeat(99)))), /nested too deep/],
    [
      'with a huge text',
      () => zipArchive(withPart(sheet(`<row><c t="inlineStr"><is><t>${hugeText()}`))),
      /far too long/,
    ],
    [
      'with a text that is not there',
      () => zipArchive(withPart(sheet('<row><c t="s"><v>9</v></c></row>'))),
      /names a text/,
    ],
    [
      'with rows in disorder',
      () => zipArchive(withPart(sheet('<row r="2"><c><v>1</v></c></row><row r="1"/>'))),
      /rows are not in order/,
    ],
    [
      'with a row beyond all rows',
      () => zipArchive(withPart(sheet('<row r="1048577"><c><v>1</v></c></row>'))),
      /rows are not in order/,
    ],
    [
      'with cells in disorder',
      () => zipArchive(withPart(sheet('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>'))),
      /cells are not in order/,
    ],
    [
      'with a cell of another row',
      () => zipArchive(withPart(sheet('<row r="1"><c r="A2"><v>1</v></c></row>'))),
      /cells are not in order/,
    ],
    [
      'with a value far to the right',
      () => zipArchive(withPart(sheet('<row r="1"><c r="ALM1"><v>1</v></c></row>'))),
      /^ALM1 has a value beyond the first 1000 columns/,
    ],
    [
      'with a row that is too long',
      () => workbookOf([Array.from({ length: 9 }, () => 'x'.repeat(8_000))]),
      /row 1 has more than 64 Ki characters/,
    ],
  ])('%s', async (_what, file, sentence) => {
    const refusal = await read(file()).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(FileRefused)
    expect((refusal as FileRefused).message).toMatch(sentence)
  })

  it('gzipped as well: it must be unpacked first', async () => {
    await expect(read(gzipSync('x'))).rejects.toThrow(/damaged/)
  })
})

/** Changes a byte of a part, so that its checksum is another. */
function tampered(): Buffer {
  const file = zipArchive(parts())
  const at = file.indexOf('xl/worksheets/sheet1.xml') + 'xl/worksheets/sheet1.xml'.length + 40
  file[at] = (file[at] ?? 0) ^ 0xff
  return file
}

const manyParts = () => [
  ...parts(),
  ...Array.from({ length: 4_097 }, (_, at) => ({ name: `x${at}`, content: '' })),
]

const bomb = () => ({
  ...sheet(''),
  content: '<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><worksheet><sheetData>&b;</sheetData></worksheet>',
})

/** Random, so that it is no bomb by its ratio. */
function hugeText(): string {
  let text = ''
  for (let seed = 1; text.length < 700_000; seed = (seed * 48_271) % 2_147_483_647) text += seed.toString(36)
  return text
}
