import { FileRefused } from '../csv/file-refused.ts'
import type { FileRecord } from '../csv/records.ts'
import { DamagedWorkbook } from './archive.ts'
import { type CellContext, cellText } from './cells.ts'
import { LIMITS } from './limits.ts'
import { type MergedCells, mergedRows, mergeProblem } from './merges.ts'
import { cellName, placeOf } from './places.ts'
import { joined, textCollector } from './shared-strings.ts'
import type { Attributes, XmlHandler } from './xml.ts'

/** Takes the elements of a sheet and gives its rows. */
export interface RowReader {
  readonly handler: XmlHandler
  /** The rows since the last call that are not blank. */
  take(): FileRecord[]
  /** Blank rows between others. */
  blankRows(): number
}

/** A row as it is read. */
interface OpenRow {
  readonly number: number
  readonly cells: string[]
  readonly unreadable: Map<number, string>
  length: number
}

/** A cell as it is read. */
interface OpenCell {
  readonly column: number
  readonly type: string
  readonly style: number
  hasFormula: boolean
  value: string
}

/**
 * Reads rows, hidden ones like any others: a filter hides a row and does not remove it, and saving as CSV writes it too.
 * Every record is as long as the longest before it, because a sheet leaves out the empty cells at the end of a row.
 */
export function rowReader(context: CellContext, merges: readonly MergedCells[]): RowReader {
  const mergesOf = mergedRows(merges)
  let records: FileRecord[] = []
  let blankRows = 0
  let lastRow = 0
  let lastFilled = 0
  let width = 0
  let row: OpenRow | null = null
  const cells = cellReader((cell) => {
    if (row !== null) addCell(row, cell, context)
  })
  const endRow = ({ number, cells: texts, unreadable }: OpenRow) => {
    const isBlank = unreadable.size === 0 && texts.every((each) => each.trim() === '')
    if (isBlank) return
    width = Math.max(width, texts.length)
    for (let column = 0; column < width; column += 1) texts[column] ??= ''
    markMerged({ number, cells: texts, unreadable, length: 0 }, mergesOf(number))
    blankRows += number - lastFilled - 1
    lastFilled = number
    records.push({ cells: texts, lineNumber: number, ...(unreadable.size === 0 ? {} : { unreadable }) })
  }
  return {
    handler: {
      open(name, attributes) {
        if (name === 'row') {
          lastRow = rowNumber(attributes, lastRow)
          row = { number: lastRow, cells: [], unreadable: new Map(), length: 0 }
        } else if (row !== null) cells.open(name, attributes, row)
      },
      close(name) {
        if (name === 'row' && row !== null) {
          endRow(row)
          row = null
        } else if (row !== null) cells.close(name)
      },
      text: (text) => cells.text(text),
    },
    take() {
      const taken = records
      records = []
      return taken
    },
    blankRows: () => blankRows,
  }
}

function rowNumber({ r }: Attributes, last: number): number {
  const number = r === undefined ? last + 1 : /^[1-9]\d{0,6}$/.test(r) ? Number(r) : 0
  if (number <= last || number > LIMITS.rows) throw new DamagedWorkbook('its rows are not in order')
  return number
}

/** Reads the elements of cells. */
function cellReader(end: (cell: OpenCell) => void) {
  let cell: OpenCell | null = null
  let isValue = false
  const add = (piece: string) => {
    if (cell !== null) cell.value = joined(cell.value, piece)
  }
  const inline = textCollector(add)
  return {
    open(name: string, attributes: Attributes, row: OpenRow): void {
      if (name === 'c') cell = openCell(attributes, row)
      else if (name === 'f' && cell !== null) cell.hasFormula = true
      else if (name === 'v') isValue = true
      else inline.open(name)
    },
    close(name: string): void {
      if (name === 'v') isValue = false
      else if (name === 'c') {
        if (cell !== null) end(cell)
        cell = null
      } else inline.close(name)
    },
    text(text: string): void {
      if (cell === null) return
      if (isValue) add(text)
      else if (cell.type === 'inlineStr') inline.text(text)
    },
  }
}

function openCell({ r, t = 'n', s = '0' }: Attributes, row: OpenRow): OpenCell {
  const place = r === undefined ? { column: row.cells.length, row: row.number } : placeOf(r)
  if (place.row !== row.number || place.column < row.cells.length)
    throw new DamagedWorkbook('its cells are not in order')
  return { column: place.column, type: t, style: Number(s), hasFormula: false, value: '' }
}

function addCell(row: OpenRow, cell: OpenCell, context: CellContext): void {
  const { text, problem } = cellText(cell, context)
  // Far to the right there are often cells with a colour and no value.
  if (text === '' && problem === null) return
  const place = { column: cell.column, row: row.number }
  if (cell.column >= LIMITS.columns)
    throw new FileRefused(
      `${cellName(place)} has a value beyond the first ${LIMITS.columns} columns: remove what is not the table`,
    )
  row.length += text.length
  if (row.length > LIMITS.rowLength)
    throw new FileRefused(
      `row ${row.number} has more than ${LIMITS.rowLength / 1024} Ki characters: it is no transaction`,
    )
  while (row.cells.length < cell.column) row.cells.push('')
  row.cells.push(text)
  if (problem !== null) row.unreadable.set(cell.column, `${cellName(place)} ${problem}`)
}

function markMerged({ number, cells, unreadable }: OpenRow, merges: readonly MergedCells[]): void {
  for (const merge of merges) {
    const end = Math.min(merge.last.column + 1, cells.length)
    for (let column = merge.first.column; column < end; column += 1) {
      const place = { column, row: number }
      const problem = mergeProblem(merge, place, cells[column] === '')
      if (problem !== null) unreadable.set(column, `${cellName(place)} ${problem}`)
    }
  }
}
