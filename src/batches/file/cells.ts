import { maskPhoneNumbersIn } from '../../core/masking.ts'
import { rowShape, withoutEmptyEnd } from '../../csv/columns.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import { separatorIn } from '../../csv/layout.ts'
import { COLUMN_NAMES, COLUMNS, type ColumnName, PROBLEM_COLUMN } from './columns.ts'

/** The sign between cells. With semicolons a comma is the decimal sign, as Indonesian spreadsheets write it. */
export type Delimiter = ',' | ';'

/**
 * Which sign separates the headings: the one that Excel's `sep=;` names, or the more frequent one.
 * @throws FileRefused when `sep=` names another sign
 */
export function delimiterOf(header: string): Delimiter {
  const named = separatorIn(header)
  if (named === ',' || named === ';') return named
  if (named !== null)
    throw new FileRefused(
      `the first line says that ${JSON.stringify(named)} separates the cells: a batch file has , or ;`,
    )
  return header.split(';').length > header.split(',').length ? ';' : ','
}

/** What a file's columns are: `problem` is not read, and a column without a name must be empty. */
export type Headings = readonly (ColumnName | typeof PROBLEM_COLUMN | '')[]

/** Columns without which no row can be an order. */
const NEEDED = ['kind', 'reference', 'phone_number'] as const satisfies ColumnName[]

/**
 * Reads the header.
 * @throws FileRefused when a heading is unknown, stands twice or is missing
 */
export function headingsOf(cells: readonly string[]): Headings {
  const words = withoutEmptyEnd(cells.map((cell) => cell.trim().toLowerCase()))
  const headings = words.map((word) => {
    if (word === PROBLEM_COLUMN || word === '') return word
    const column = COLUMN_NAMES.find((name) => name === word)
    if (column === undefined) throw unknownHeading(word)
    return column
  })
  const twice = words.find((word, position) => word !== '' && words.indexOf(word) !== position)
  if (twice !== undefined) throw new FileRefused(`the header has the column ${twice} twice`)
  const missing = NEEDED.filter((column) => !headings.includes(column))
  if (missing.length > 0)
    throw new FileRefused(`the header has no column ${missing.join(', ')}: ${SEE_TEMPLATE}`)
  return headings
}

const SEE_TEMPLATE = 'see `goldpro batch template`'

function unknownHeading(word: string): FileRefused {
  const shown = maskPhoneNumbersIn(word.replace(/\p{Cc}/gu, '?'))
    .replace(/\d{9,}/g, '…')
    .slice(0, 40)
  return new FileRefused(`the header has a column "${shown}" that no batch has: ${SEE_TEMPLATE}`)
}

/** What a row must be to fit its header; null when it does. */
export function shapeProblem(cells: readonly string[], headings: Headings): string | null {
  const shape = rowShape(cells, headings)
  switch (shape.is) {
    case 'fits':
      return null
    case 'short':
      return `must have ${headings.length} cells like the header, and has ${cells.length}`
    case 'unnamed':
      return `must have nothing in column ${shape.column}, which has no heading (the row has ${cells.length} cells, the header ${headings.length})`
  }
}

/** A row of cells as a job's kind and data; empty cells are fields that are not given. */
export function dataOf(
  cells: readonly string[],
  headings: Headings,
  delimiter: Delimiter,
): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  for (const [position, column] of headings.entries()) {
    const written = cells[position] ?? ''
    const cell = cleaned(written)
    if (column === '' || column === PROBLEM_COLUMN || cell === '') continue
    const { path, reads } = COLUMNS[column]
    const value = reads === 'text' ? cell : reads === 'grams' ? gramsOf(cell, delimiter) : rupiahOf(cell)
    const [field, inner] = path
    // What may surround a reference is one rule for all doors: see readReference.
    if (column === 'reference') data[field] = withoutTextMark(written)
    else if (inner === undefined) data[field] = value
    else data[field] = { ...(data[field] as object | undefined), [inner]: value }
  }
  // Without any of its columns each of them is missing, not the address.
  if (data.kind === 'withdraw') data.address ??= {}
  return data
}

/** Surrounding space goes, and so does the quote by which spreadsheets keep a text from being a formula. */
const cleaned = (cell: string): string => withoutTextMark(cell.trim())

const withoutTextMark = (cell: string): string => cell.replace(/^([ \t]*)'(?=[=+\-@＝＋－＠])/, '$1')

/** With semicolons "0,5" is half a gram, and so is "0.5"; "1.500" may be thousands there and is left to be refused. */
function gramsOf(cell: string, delimiter: Delimiter): string {
  if (delimiter === ',') return cell
  if (/^\d+\.\d{3}$/.test(cell)) return `${cell} (thousands?)`
  return /^\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell
}

/** Whole rupiah are digits and nothing else; whatever else it is is left to be refused. */
function rupiahOf(cell: string): number | string {
  return /^\d{1,15}$/.test(cell) ? Number(cell) : cell
}
