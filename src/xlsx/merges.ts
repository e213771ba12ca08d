import { DamagedWorkbook } from './archive.ts'
import { LIMITS } from './limits.ts'
import { cellName, type Place, placeOf } from './places.ts'

/** Cells that are shown as one. Only its first cell has a value. */
export interface MergedCells {
  readonly first: Place
  readonly last: Place
}

/** The longest text in which one element is looked for. */
const LONGEST_ELEMENT = 1_024

/**
 * Finds the merged cells of a sheet. They stand behind its rows, so that a look ahead through the whole part is needed: without
 * reading its XML, which takes far longer. What is no element of the sheet but looks like one, such as a comment, only makes
 * cells unreadable.
 * @throws FileRefused when there are too many
 */
export async function findMerges(chunks: AsyncIterable<Buffer>): Promise<readonly MergedCells[]> {
  const merges: MergedCells[] = []
  let rest = ''
  for await (const chunk of chunks) {
    const text = rest + chunk.toString('latin1')
    for (const [, first = '', last = ''] of text.matchAll(
      /<(?:\w+:)?mergeCell\s[^>]{0,200}?ref=["']([^"':]{2,12}):([^"':]{2,12})["'][^>]*>/g,
    ))
      merges.push({ first: placeOf(first), last: placeOf(last) })
    if (merges.length > LIMITS.merges) throw new DamagedWorkbook('it has too many merged cells')
    // The last element may go on in the next chunk.
    const open = text.lastIndexOf('<')
    rest = open === -1 ? '' : text.slice(Math.max(open, text.length - LONGEST_ELEMENT))
    if (rest.includes('>')) rest = ''
  }
  return merges.sort((one, other) => one.first.row - other.first.row)
}

/**
 * Tells of each row, in order, which merged cells it has.
 * @throws FileRefused when some overlap, which no spreadsheet allows
 */
export function mergedRows(merges: readonly MergedCells[]): (row: number) => readonly MergedCells[] {
  let next = 0
  let current: MergedCells[] = []
  return (row) => {
    if (next === merges.length && current.length === 0) return current
    for (let merge = merges[next]; merge !== undefined && merge.first.row <= row; merge = merges[next]) {
      const { first, last } = merge
      current = current.filter((each) => each.last.row >= first.row)
      if (current.some((each) => each.first.column <= last.column && first.column <= each.last.column))
        throw new DamagedWorkbook('some of its merged cells overlap')
      current.push(merge)
      next += 1
    }
    current = current.filter(({ last }) => last.row >= row)
    return current
  }
}

/**
 * Why the cell cannot be read; null when it can. A value under merged cells is not shown, and one that is shown over several
 * rows may or may not be meant for each of them.
 */
export function mergeProblem({ first, last }: MergedCells, place: Place, isEmpty: boolean): string | null {
  const isFirst = place.row === first.row && place.column === first.column
  if (isFirst || place.column < first.column || place.column > last.column) return null
  if (isEmpty && place.row === first.row) return null
  return `is within the merged cells ${cellName(first)}:${cellName(last)}: unmerge them, and fill in every cell`
}
