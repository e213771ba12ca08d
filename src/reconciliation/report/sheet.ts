import type { Figure } from './format.ts'

/** A section of a report as a table, before anybody decides how it looks: the terminal and the page print the same. */
export interface Sheet {
  readonly title: string
  /** What a reader must know to read it. */
  readonly note: string
  readonly headings: readonly string[]
  /** Rows that belong together, and are not torn apart on paper. */
  readonly groups: readonly (readonly Row[])[]
  /** What is said instead of a table without rows. */
  readonly whenEmpty: string
}

export interface Row {
  readonly cells: readonly Cell[]
  /** `unequal` and `overdue` are to be seen at once, `total` ends a table. */
  readonly mark?: 'unequal' | 'overdue' | 'total'
}

export type Cell = string | Figure

/** Whether a column holds figures, and is read from its right. */
export function isNumeric({ groups }: Sheet, column: number): boolean {
  return groups.some((rows) => rows.some(({ cells }) => typeof cells[column] === 'object'))
}
