/** A column's letters as in a spreadsheet. The first position is 0. */
export function columnLetters(position: number): string {
  const letter = String.fromCharCode(65 + (position % 26))
  return position < 26 ? letter : columnLetters(Math.floor(position / 26) - 1) + letter
}

/** A header without empty cells at its end, which spreadsheets add. */
export function withoutEmptyEnd(cells: readonly string[]): readonly string[] {
  const last = cells.findLastIndex((cell) => cell.trim() !== '')
  return cells.slice(0, last + 1)
}

/** How a row matches its header. */
export type RowShape =
  | { readonly is: 'fits' }
  | { readonly is: 'short' }
  /** A cell is not empty in a column that has no heading. */
  | { readonly is: 'unnamed'; readonly column: string }

/**
 * Compares a row with a header that has no empty cells at its end. Empty cells at the end of the row are accepted. A row
 * with fewer cells than headings is not, because it may have lost some.
 */
export function rowShape(cells: readonly string[], headings: readonly string[]): RowShape {
  if (cells.length < headings.length) return { is: 'short' }
  for (let position = 0; position < cells.length; position += 1)
    if ((headings[position] ?? '') === '' && cells[position]?.trim() !== '')
      return { is: 'unnamed', column: columnLetters(position) }
  return FITS
}

const FITS: RowShape = { is: 'fits' }
