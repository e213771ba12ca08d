import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { CsvShape } from '../../src/csv/layout.ts'
import { type FileRecord, readRecords } from '../../src/csv/records.ts'
import { openText } from '../../src/csv/text.ts'
import { zipOf } from '../support/factories/foreign-files.ts'

const streamOf = (file: string | Buffer, size = 1_000_000) => {
  const bytes = Buffer.from(file)
  const pieces = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return Readable.from(pieces)
}

async function read(file: string | Buffer, shape: Partial<CsvShape> = {}, size?: number) {
  const records = readRecords(streamOf(file, size), { delimiter: ';', encoding: 'utf-8', ...shape })
  const all: FileRecord[] = []
  for await (const batch of records.read()) all.push(...batch)
  return { rows: all.map(({ cells, lineNumber }) => [lineNumber, ...cells]), blank: records.blankRows() }
}

const FOREIGN: readonly [what: string, file: Buffer, sentence: RegExp][] = [
  [
    'an Excel workbook',
    zipOf(['[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml']),
    /Excel workbook \(\.xlsx\), not CSV: open it in a spreadsheet and save/,
  ],
  ['an Excel workbook with another first entry', zipOf(['docProps/app.xml', 'xl/styles.xml']), /\.xlsx/],
  [
    'an Office file of which only the beginning is in sight',
    zipOf(['[Content_Types].xml']),
    /such as an Excel workbook/,
  ],
  ['a Word document', zipOf(['[Content_Types].xml', 'word/document.xml']), /Office document/],
  ['an OpenDocument sheet', zipOf(['mimetype'], 'application/vnd.oasis.opendocument.spreadsheet'), /\.ods/],
  ['a Numbers sheet', zipOf(['Index/Document.iwa']), /Numbers spreadsheet/],
  ['a zip archive', zipOf(['statement.csv']), /is a zip archive: unpack it and give the CSV file inside/],
  ['a zip archive without entries', Buffer.from('PK\x05\x06aaaa', 'latin1'), /zip archive/],
  [
    'an old Excel workbook',
    Buffer.from('d0cf11e0a1b11ae10000', 'hex'),
    /Excel workbook \(\.xls,.* password\)/,
  ],
  [
    'an Excel workbook in XML',
    Buffer.from('<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>'),
    /in XML/,
  ],
  ['a PDF', Buffer.from('%PDF-1.7\n'), /PDF document, not CSV/],
  ['a web page', Buffer.from('\uFEFF\r\n <!DOCTYPE html><html>'), /HTML or XML page/],
  ['a page without doctype', Buffer.from('<HTML><body>'), /HTML or XML page/],
  ['a table of a page', Buffer.from('<table border="1"><tr>'), /HTML or XML page/],
  ['RTF', Buffer.from('{\\rtf1\\ansi'), /RTF/],
  ['a JSON array', Buffer.from('[{"a":1}]'), /JSON array/],
  ['bzip2', Buffer.from('BZh91AY'), /bzip2: unpack it first/],
  ['xz', Buffer.from('fd377a585a0000', 'hex'), /xz: unpack it first/],
  ['zstd', Buffer.from('28b52ffd00', 'hex'), /zstd: unpack it first/],
  ['7z', Buffer.from('377abcaf271c', 'hex'), /7z archive/],
  ['RAR', Buffer.from('Rar!\x1a\x07', 'latin1'), /RAR archive/],
  ['tar', Buffer.concat([Buffer.alloc(257, 0x61), Buffer.from('ustar')]), /tar archive/],
  ['PGP', Buffer.from('-----BEGIN PGP MESSAGE-----'), /decrypt it first/],
]

describe('a file of another format', () => {
  it.each(FOREIGN)('that is %s is named, whoever reads it', async (_what, file, sentence) => {
    await expect(read(file)).rejects.toThrow(sentence)
    await expect(read(gzipSync(file))).rejects.toThrow(/^the gzipped file is /)
    await expect(read(file, {}, 1)).rejects.toThrow(sentence)
    await expect(openText(streamOf(file))).rejects.toThrow(sentence)
  })

  it('that is gzipped twice is named', async () => {
    await expect(read(gzipSync(gzipSync('a;b\n')))).rejects.toThrow(/the gzipped file is gzipped/)
  })

  it('that is JSON is no CSV, and a batch may be', async () => {
    await expect(read('{"a":1}\n')).rejects.toThrow(/is JSON, not CSV/)
    expect((await openText(streamOf('{"a":1}\n'))).firstLine).toBe('{"a":1}')
  })

  it.each(['', '\uFEFF'])('that is empty is named: %j', async (file) => {
    await expect(read(file)).rejects.toThrow(/the file is empty/)
    await expect(read(gzipSync(file))).rejects.toThrow(/the gzipped file is empty/)
  })

  it.each(['<DATE>;x\n', 'pk;x\n', '[Tipe];x\n', 'BZ;x\n', '{x};y\n'])('is not seen in %j', async (file) => {
    expect((await read(file)).rows).toHaveLength(1)
  })
})

describe('an encoding', () => {
  const text = 'Tgl;Jumlah\r\nx;1\r\n'
  const rows = [
    [1, 'Tgl', 'Jumlah'],
    [2, 'x', '1'],
  ]
  const utf16 = (file: string) => Buffer.from(file, 'utf16le')
  it.each<[what: string, file: Buffer, encoding: CsvShape['encoding']]>([
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`), 'utf-8'],
    ['UTF-8 with a mark, declared as Latin-1', Buffer.from(`\uFEFF${text}`), 'latin1'],
    ['UTF-16 with a mark', utf16(`\uFEFF${text}`), 'utf-16le'],
    ['UTF-16 with a mark, declared as UTF-8', utf16(`\uFEFF${text}`), 'utf-8'],
    ['UTF-16 without a mark', utf16(text), 'utf-16le'],
  ])('%s is read', async (_what, file, encoding) => {
    expect((await read(file, { encoding })).rows).toEqual(rows)
    expect((await read(gzipSync(file), { encoding }, 3)).rows).toEqual(rows)
  })

  it.each<[what: string, file: Buffer, encoding: CsvShape['encoding'], sentence: RegExp]>([
    ['UTF-16 without a mark, declared as UTF-8', utf16(text), 'utf-8', /UTF-16, but utf-8 was expected/],
    ['UTF-16 with the high byte first', utf16(`\uFEFF${text}`).swap16(), 'utf-8', /big-endian UTF-16/],
    ['UTF-16 with the high byte first and no mark', utf16(text).swap16(), 'utf-16le', /big-endian UTF-16/],
    [
      'UTF-8 declared as UTF-16',
      Buffer.from(text),
      'utf-16le',
      /not UTF-16, although that encoding was declared/,
    ],
  ])('%s is refused', async (_what, file, encoding, sentence) => {
    await expect(read(file, { encoding })).rejects.toThrow(sentence)
  })
})

describe("Excel's first line", () => {
  it.each(['sep=;\n', 'SEP=;\r\n', '"sep=;"\r\n', '\uFEFFsep=;\n', 'sep=;\r'])(
    '%j is no row',
    async (first) => {
      const end = first.endsWith('\r') ? '\r' : '\n'
      expect((await read(`${first}a;b${end}1;2${end}`)).rows).toEqual([
        [2, 'a', 'b'],
        [3, '1', '2'],
      ])
    },
  )

  it('that names another sign is a contradiction', async () => {
    await expect(read('sep=,\na;b\n')).rejects.toThrow(/says that "," separates .*";" was expected/)
    await expect(read('sep=\t\na;b\n')).rejects.toThrow(/set the delimiter to "\\t"/)
  })

  it('is not seen in a heading', async () => {
    expect((await read('sep;b\n')).rows).toEqual([[1, 'sep', 'b']])
  })
})

describe('lines', () => {
  it.each(['\n', '\r\n', '\r'])('that end with %j are read, in pieces of any size', async (end) => {
    const file = ['a;b', '"x', 'y";1', '', ' ; ', '2;3', ''].join(end)
    for (const size of [1, 2, 7, 1_000])
      expect(await read(file, {}, size)).toEqual({
        rows: [
          [1, 'a', 'b'],
          [2, `x${end}y`, '1'],
          [6, '2', '3'],
        ],
        blank: 2,
      })
  })

  it('that end with a carriage return alone at first may end otherwise later', async () => {
    expect((await read('a;b\r1;2\n3;4\r\n5;6')).rows.map(([line]) => line)).toEqual([1, 2, 3, 4])
  })
})
