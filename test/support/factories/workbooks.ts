import { crc32, deflateRawSync } from 'node:zlib'

/** A part of a zip archive, with what a hostile one claims. */
export interface ZipPart {
  readonly name: string
  readonly content: Buffer | string
  readonly isEncrypted?: boolean
  /** Instead of the true size. */
  readonly claimedSize?: number
}

/** A zip archive with its directory at the end. */
export function zipArchive(parts: readonly ZipPart[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, isEncrypted = false, claimedSize } of parts) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(isEncrypted ? 0x801 : 0x800, 2)
    facts.writeUInt16LE(8, 4)
    facts.writeUInt32LE(crc32(bytes), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(claimedSize ?? bytes.length, 18)
    facts.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, Buffer.from(name), packed])
    const central = Buffer.alloc(14)
    central.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, central, Buffer.from(name))
    locals.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(parts.length, 4)
  end.writeUInt16LE(parts.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, central, Buffer.from('PK\x05\x06'), end])
}

/** A cell: a text, which is shared; nothing; or as the sheet has it. */
export type SheetCell =
  | string
  | null
  /** A number as written, with the number of its style. */
  | { readonly n: string; readonly s?: number }
  | { readonly inline: string }
  /** The XML of the whole cell, `REF` being its place. */
  | { readonly xml: string }

export interface Sheet {
  readonly name: string
  readonly rows: readonly (readonly SheetCell[])[]
  readonly state?: 'hidden' | 'veryHidden'
  readonly merges?: readonly string[]
  /** Rows that are hidden, from 1. */
  readonly hiddenRows?: readonly number[]
  /** Instead of the rows. */
  readonly xml?: string
}

/** The styles of every workbook here: their numbers by what they are. */
export const STYLES = { plain: 0, date: 1, time: 2, dateTime: 3, percent: 4, zeros: 5, elapsed: 6, rupiah: 7 }
const FORMATS = [
  'General',
  'dd/mm/yyyy',
  'hh:mm:ss',
  '[$-421]dd mmmm yyyy\\ hh:mm',
  '0%',
  '00000',
  '[h]:mm',
  '"Rp"#,##0',
]

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const relations = (rows: readonly (readonly [id: string, type: string, target: string])[]) =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${rows
    .map(([id, type, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`

/** A column's letters, up to ZZ. */
const letters = (position: number): string =>
  (position < 26 ? '' : String.fromCharCode(64 + Math.floor(position / 26))) +
  String.fromCharCode(65 + (position % 26))

/** The parts of a workbook (.xlsx), as a spreadsheet saves it. */
export function workbookParts(sheets: readonly Sheet[], workbookPr = ''): ZipPart[] {
  const strings = new Map<string, number>()
  const shared = (text: string) => {
    if (!strings.has(text)) strings.set(text, strings.size)
    return strings.get(text)
  }
  const cellXml = (cell: SheetCell, place: string): string => {
    if (cell === null) return ''
    if (typeof cell === 'string') return `<c r="${place}" t="s"><v>${shared(cell)}</v></c>`
    if ('n' in cell) return `<c r="${place}" s="${cell.s ?? 0}"><v>${cell.n}</v></c>`
    if ('inline' in cell) return `<c r="${place}" t="inlineStr"><is><t>${escaped(cell.inline)}</t></is></c>`
    return cell.xml.replaceAll('REF', place)
  }
  const sheetXml = ({ rows, merges = [], hiddenRows = [], xml }: Sheet) => {
    if (xml !== undefined) return xml
    const data = rows.map((cells, row) => {
      const hidden = hiddenRows.includes(row + 1) ? ' hidden="1"' : ''
      return `<row r="${row + 1}"${hidden}>${cells.map((cell, column) => cellXml(cell, `${letters(column)}${row + 1}`)).join('')}</row>`
    })
    const merged =
      merges.length === 0
        ? ''
        : `<mergeCells>${merges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`
    return `<worksheet xmlns="${MAIN}"><sheetData>${data.join('')}</sheetData>${merged}</worksheet>`
  }
  const pages = sheets.map((sheet, at) => ({
    name: `xl/worksheets/sheet${at + 1}.xml`,
    content: sheetXml(sheet),
  }))
  const list = sheets.map(
    ({ name, state }, at) =>
      `<sheet name="${escaped(name)}" sheetId="${at + 1}"${state ? ` state="${state}"` : ''} r:id="rId${at + 1}"/>`,
  )
  const styles = `<styleSheet xmlns="${MAIN}"><numFmts>${FORMATS.map((code, at) => `<numFmt numFmtId="${164 + at}" formatCode="${escaped(code)}"/>`).join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${FORMATS.map((_, at) => `<xf numFmtId="${164 + at}"/>`).join('')}</cellXfs></styleSheet>`
  return [
    { name: '[Content_Types].xml', content: '<Types/>' },
    { name: '_rels/.rels', content: relations([['rId1', 'officeDocument', 'xl/workbook.xml']]) },
    {
      name: 'xl/workbook.xml',
      content: `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="${MAIN}" xmlns:r="${OFFICE}">${workbookPr}<sheets>${list.join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: relations([
        ...sheets.map((_, at) => [`rId${at + 1}`, 'worksheet', `worksheets/sheet${at + 1}.xml`] as const),
        ['rId98', 'styles', 'styles.xml'],
        ['rId99', 'sharedStrings', '/xl/sharedStrings.xml'],
      ]),
    },
    ...pages,
    { name: 'xl/styles.xml', content: styles },
    {
      name: 'xl/sharedStrings.xml',
      content: `<sst xmlns="${MAIN}">${[...strings.keys()].map((text) => `<si><t xml:space="preserve">${escaped(text)}</t></si>`).join('')}</sst>`,
    },
  ]
}

/** A workbook with one sheet. */
export function workbookOf(rows: readonly (readonly SheetCell[])[], sheet: Partial<Sheet> = {}): Buffer {
  return zipArchive(workbookParts([{ name: 'Sheet1', rows, ...sheet }]))
}

/** The table of a CSV file as a workbook whose cells are all texts. */
export function workbookOfCsv(csv: string, delimiter = ','): Buffer {
  const lines = csv.split(/\r?\n/).filter((line) => line !== '')
  return workbookOf(lines.map((line) => line.split(delimiter).map((cell) => (cell === '' ? null : cell))))
}
