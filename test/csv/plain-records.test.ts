import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { CsvError } from 'csv-parse'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CsvShape } from '../../src/csv/layout.ts'
import { readRecords } from '../../src/csv/records.ts'

type Read = { rows: string[][]; lines: number[]; blank: number } | { failed: string }

/** What the file has, read by csv-parse alone. */
function expected(bytes: Buffer, { delimiter, encoding }: CsvShape, lineBreaks: string[]): Read {
  try {
    const all = parse(bytes, {
      bom: true,
      delimiter,
      encoding: encoding === 'latin1' ? 'latin1' : 'utf8',
      record_delimiter: lineBreaks,
      relax_column_count: true,
      max_record_size: 64 * 1024,
    }) as string[][]
    const rows: string[][] = []
    const lines: number[] = []
    let line = 1
    for (const cells of all) {
      if (cells.some((cell) => cell.trim() !== '')) {
        rows.push(cells)
        lines.push(line)
      }
      line += cells.join('').split('\n').length
    }
    return { rows, lines, blank: all.length - rows.length }
  } catch (error) {
    const { records = 0, lines = 0 } = error as CsvError & { records?: number; lines?: number }
    return { failed: `record ${records + 1} (header included; read to line ${lines})` }
  }
}

async function actual(bytes: Buffer, shape: CsvShape, chunk: number): Promise<Read> {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunk) chunks.push(bytes.subarray(at, at + chunk))
  const records = readRecords(Readable.from(chunks), shape)
  const rows: string[][] = []
  const lines: number[] = []
  try {
    for await (const batch of records.read())
      for (const { cells, lineNumber } of batch) {
        rows.push([...cells])
        lines.push(lineNumber)
      }
  } catch (error) {
    return { failed: /^record \d+ \(.*?\)/.exec((error as Error).message)?.[0] ?? String(error) }
  }
  expect(records.contentHash()).toBe(createHash('sha256').update(bytes).digest('hex'))
  return { rows, lines, blank: records.blankRows() }
}

const word = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[A-Za-z0-9 .:+-]{0,12}$/) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', 'é', '金', '\u00a0', '\ufeff', '\u2028', '\t') },
)
const quoted = word.map((text) => `"${text.replaceAll('a', '""').replaceAll('b', ',')}"`)
const odd = fc.constantFrom(
  '"',
  '""',
  '"a"b',
  'a"b',
  '"a\nb"',
  '"a\r\nb"',
  'a\rb',
  '\r',
  'x\0y',
  '"x"\0',
  '"',
)
const cell = fc.oneof({ weight: 20, arbitrary: word }, { weight: 6, arbitrary: quoted })
const row = fc.array(cell, { minLength: 1, maxLength: 6 }).map((cells) => cells.join(','))
const lineBreak = fc.constantFrom('\n', '\r\n')

const text = fc
  .tuple(
    fc.array(fc.tuple(row, lineBreak), { minLength: 1, maxLength: 40 }),
    fc.option(fc.tuple(odd, fc.nat(), fc.boolean())),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([rows, mutation, hasMark, isOpen]) => {
    let joined = rows.map(([cells, end]) => cells + end).join('')
    if (isOpen) joined = joined.trimEnd()
    if (mutation !== null) {
      const [sign, place, atBegin] = mutation
      const places = atBegin ? [...joined.matchAll(/(?<=^|,)/gm)].map(({ index }) => index) : []
      const at = places[place % Math.max(1, places.length)] ?? place % (joined.length + 1)
      joined = joined.slice(0, at) + sign + joined.slice(at)
    }
    return `${hasMark ? '\ufeff' : ''}h1,h2\n${joined}`
  })
const file = fc
  .tuple(text, fc.option(fc.tuple(fc.nat(), fc.constantFrom(0xff, 0xe2, 0x00, 0x80, 0xc3))))
  .map(([written, mutation]) => {
    const bytes = Buffer.from(written)
    if (mutation === null) return bytes
    const at = 9 + (mutation[0] % Math.max(1, bytes.length - 9))
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([mutation[1]]), bytes.subarray(at)])
  })

describe('plain lines of a file', () => {
  it.each(['utf-8', 'latin1'] as const)('are read as csv-parse reads them, in %s', async (encoding) => {
    const shape: CsvShape = { delimiter: ',', encoding }
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 300 }), async (bytes, chunk) => {
        expect(await actual(bytes, shape, chunk)).toEqual(expected(bytes, shape, ['\r\n', '\n']))
      }),
      { numRuns: 400 },
    )
  })

  it('are read across the borders of large chunks, and up to a line that is not plain', async () => {
    const shape: CsvShape = { delimiter: ',', encoding: 'utf-8' }
    const lines = Array.from({ length: 4_000 }, (_, at) => `${at},"v, ${at}",x${'é'.repeat(at % 5)}\r\n`)
    for (const strange of [
      '',
      '"two\nlines",b\n',
      'a"b,c\n',
      `${'l'.repeat(20_000)},c\n`,
      `${'l'.repeat(70_000)},c\n`,
    ]) {
      const bytes = Buffer.from(['h1,h2,h3\n', ...lines, strange, ...lines].join(''))
      const read = await actual(bytes, shape, 65_536)
      expect(read).toEqual(expected(bytes, shape, ['\r\n', '\n']))
    }
  })

  it('are read from a gzipped file, which may be left before its end', async () => {
    const text = `h1,h2\n${'a,b\n'.repeat(200_000)}`
    const records = readRecords(Readable.from([gzipSync(text)]), { delimiter: ',', encoding: 'utf-8' })
    const first = records.read()
    expect((await first.next()).value?.[0]).toEqual({ cells: ['h1', 'h2'], lineNumber: 1 })
    await first.return(undefined)
  })
})
