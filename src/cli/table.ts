import { formatCount } from '../core/format.ts'

/** A text, or a count, which the table formats and aligns to the right. */
export type TableCell = string | number

/** Formats rows in columns, each as wide as its widest cell. */
export function table(
  headings: readonly string[],
  given: readonly (readonly TableCell[])[],
  rightAligned: readonly string[] = [],
): string {
  const rows = given.map((cells) =>
    cells.map((cell) => (typeof cell === 'number' ? formatCount(cell) : cell)),
  )
  const isRight = (column: number) =>
    rightAligned.includes(headings[column] ?? '') || given.some((cells) => typeof cells[column] === 'number')
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    headings
      .map((_heading, column) => {
        const width = widths[column] ?? 0
        const cell = cells[column] ?? ''
        return isRight(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(headings), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n')
}
