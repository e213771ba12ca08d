import { maskPhoneNumbersIn } from '../../core/masking.ts'
import { rowShape, withoutEmptyEnd } from '../../csv/columns.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import { separatorIn } from '../../csv/layout.ts'
import { COLUMN_NAMES, COLUMNS, type ColumnName, PROBLEM_COLUMN } from './columns.ts'

/** The sign between cells. With semicolons the decimal sign is a comma, as in Indonesian spreadsheets. */
export type Delimiter = ',' | ';'

/**
 * The sign that separates the headings: the one that Excel's line `sep=;` names, otherwise the more frequent one.
 * @throws FileRefused when `sep=` names a sign that is not supported
 */
export function delimiterOf(header: string): Delimiter {
  const named = separatorIn(header)
  if (named === ',' || named === ';') return named
  if (named !== null)
    throw new FileRefused(
      `the first line says that ${JSON.stringify(named)} separates the cells: use , or ; in a batch file`,
    )
  return header.split(';').length > header.split(',').length ? ';' : ','
}

/** A file's columns. `problem` is not read, and a column without a heading must be empty. */
export type Headings = readonly (ColumnName | typeof PROBLEM_COLUMN | '')[]

/** Columns that every file must have. */
const REQUIRED = ['kind', 'reference', 'phone_number'] as const satisfies ColumnName[]

/**
 * Reads the header.
 * @throws FileRefused when a heading is unknown, repeated or missing
 */
export function headingsOf(cells: readonly string[]): Headings {
  const names = withoutEmptyEnd(cells.map((cell) => cell.trim().toLowerCase()))
  const headings = names.map((name) => {
    if (name === PROBLEM_COLUMN || name === '') return name
    const column = COLUMN_NAMES.find((known) => known === name)
    if (column === undefined) throw unknownHeading(name)
    return column
  })
  const repeated = names.find((name, position) => name !== '' && names.indexOf(name) !== position)
  if (repeated !== undefined) throw new FileRefused(`the header has the column ${repeated} twice`)
  const missing = REQUIRED.filter((column) => !headings.includes(column))
  if (missing.length > 0)
    throw new FileRefused(`the header has no column ${missing.join(', ')}: ${SEE_TEMPLATE}`)
  return headings
}

const SEE_TEMPLATE = 'see `goldpro batch template`'

function unknownHeading(name: string): FileRefused {
  const shown = maskPhoneNumbersIn(name.replace(/\p{Cc}/gu, '?'))
    .replace(/\d{9,}/g, '…')
    .slice(0, 40)
  return new FileRefused(`the header has an unknown column "${shown}": ${SEE_TEMPLATE}`)
}

/** What a row must be to match its header; null when it matches. */
export function shapeProblem(cells: readonly string[], headings: Headings): string | null {
  const shape = rowShape(cells, headings)
  switch (shape.is) {
    case 'fits':
      return null
    case 'short':
      return `must have ${headings.length} cells like the header, but has ${cells.length}`
    case 'unnamed':
      return `must have nothing in column ${shape.column}, which has no heading (the row has ${cells.length} cells, the header ${headings.length})`
  }
}

/** A row of cells as a job's kind and data. An empty cell is a field that is not given. */
export function dataOf(
  cells: readonly string[],
  headings: Headings,
  delimiter: Delimiter,
): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  // Without entries, and most cells of a row are empty: this runs for each cell of a batch.
  for (let position = 0; position < headings.length; position += 1) {
    const [raw, column] = [cells[position] ?? '', headings[position] ?? '']
    if (raw === '' || column === '' || column === PROBLEM_COLUMN) continue
    const cell = withoutTextMark(raw.trim())
    if (cell === '') continue
    const { path, type } = COLUMNS[column]
    const value = type === 'text' ? cell : type === 'grams' ? gramsOf(cell, delimiter) : rupiahOf(cell)
    const [field, inner] = path
    // Not trimmed: `readReference` decides for every way of entry what may surround a reference.
    if (column === 'reference') data[field] = withoutTextMark(raw)
    else if (inner === undefined) data[field] = value
    else data[field] = { ...(data[field] as object | undefined), [inner]: value }
  }
  // So that each missing column is reported, and not the address as a whole.
  if (data.kind === 'withdraw') data.address ??= {}
  return data
}

/** Removes the quote by which spreadsheets mark a text that would be a formula. */
const withoutTextMark = (cell: string): string =>
  cell.includes("'") ? cell.replace(/^([ \t]*)'(?=[=+\-@＝＋－＠])/, '$1') : cell

/** With semicolons "0,5" and "0.5" are half a gram. "1.500" could mean thousands, so it is marked, and then refused. */
function gramsOf(cell: string, delimiter: Delimiter): string {
  if (delimiter === ',') return cell
  if (/^\d+\.\d{3}$/.test(cell)) return `${cell} (thousands?)`
  return /^\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell
}

/** Whole rupiah are digits only. Anything else stays text, which is refused. */
function rupiahOf(cell: string): number | string {
  return /^\d{1,15}$/.test(cell) ? Number(cell) : cell
}
