import { columnLetters } from '../csv/columns.ts'
import { DamagedWorkbook } from './archive.ts'

/** The place of a cell. The first column is 0, the first row 1. */
export interface Place {
  readonly column: number
  readonly row: number
}

/** A place as a spreadsheet names it: `C17`. */
export function cellName({ column, row }: Place): string {
  return `${columnLetters(column)}${row}`
}

/** Reads `C17`. @throws FileRefused */
export function placeOf(name: string): Place {
  const match = /^\$?([A-Z]{1,3})\$?([1-9]\d{0,6})$/.exec(name)
  if (match === null) throw new DamagedWorkbook('a cell has no place')
  const [, letters = '', row] = match
  let column = 0
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64
  return { column: column - 1, row: Number(row) }
}
