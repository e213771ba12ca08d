import { type Figure, formatFigure } from './format.ts'

/** A section of a report as a table. The terminal and the page print the same sheets. */
export interface Sheet {
  readonly title: string
  /** What a reader must know about the table. */
  readonly note: string
  readonly headings: readonly string[]
  /** Rows that belong together: a printed page does not split a group. */
  readonly groups: readonly (readonly Row[])[]
  /** The text in place of a table without rows. */
  readonly whenEmpty: string
}

export interface Row {
  readonly cells: readonly Cell[]
  /** `unequal` and `overdue` are highlighted, `total` ends a table. */
  readonly mark?: 'unequal' | 'overdue' | 'total'
}

export type Cell = string | Figure

export const formatCell = (cell: Cell): string => (typeof cell === 'string' ? cell : formatFigure(cell))

/** Whether a column holds figures, which are aligned to the right. */
export function isNumeric({ groups }: Sheet, column: number): boolean {
  return groups.some((rows) => rows.some(({ cells }) => typeof cells[column] === 'object'))
}
