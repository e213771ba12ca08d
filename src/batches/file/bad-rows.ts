import { stringify } from 'csv-stringify/sync'
import type { Delimiter } from './cells.ts'
import { COLUMN_NAMES, PROBLEM_COLUMN, TEMPLATE_ROWS } from './columns.ts'
import type { RowProblem, SourceRow } from './read-rows.ts'

const HEADINGS = [...COLUMN_NAMES, PROBLEM_COLUMN]

/**
 * Bad rows as a file of their own that is mended and checked again: in the template's columns and the file's own
 * spelling, with what to mend in the last one, which is not read. A JSON line stays as it is.
 */
export function badRowText(
  problems: readonly RowProblem[],
  source: SourceRow,
  delimiter: Delimiter | null,
): string {
  if ('text' in source) return `${source.text}\n`
  const problem = problems
    .map(({ column, expected }) => (column === null ? expected : `${column}: ${expected}`))
    .join('; ')
  return written([{ ...source.cells, [PROBLEM_COLUMN]: problem }], delimiter ?? ',')
}

/** What a file of bad rows begins with; JSON lines have no header. */
export function badRowsHeader(delimiter: Delimiter | null): string {
  return delimiter === null ? '' : written([HEADINGS], delimiter)
}

/** One good row of each kind, as CSV. With semicolons the decimal sign is a comma. */
export function templateText(delimiter: Delimiter, partner: string): string {
  const rows = Object.entries(TEMPLATE_ROWS).map(([kind, row]) => {
    const gold_weight = delimiter === ';' ? row.gold_weight?.replace('.', ',') : row.gold_weight
    return { ...row, kind, partner, gold_weight }
  })
  return stringify(rows, { header: true, columns: [...COLUMN_NAMES], delimiter })
}

/** A text that a spreadsheet would run as a formula gets a quote in front, which reading takes away again. */
function written(rows: readonly (string[] | Record<string, string>)[], delimiter: Delimiter): string {
  return stringify([...rows], { columns: HEADINGS, delimiter, escape_formulas: true })
}
