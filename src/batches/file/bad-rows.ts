import { stringify } from 'csv-stringify/sync'
import type { Delimiter } from './cells.ts'
import { COLUMN_NAMES, PROBLEM_COLUMN, TEMPLATE_ROWS } from './columns.ts'
import type { RowProblem, SourceRow } from './read-row.ts'

const HEADINGS = [...COLUMN_NAMES, PROBLEM_COLUMN]

/**
 * A bad row of a file of bad rows, which a person corrects and checks again. The row has the template's columns with the
 * values as they were given; the last column says what is wrong and is not read again. A JSON line is written unchanged.
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
  return toCsv([{ ...source.cells, [PROBLEM_COLUMN]: problem }], delimiter ?? ',')
}

/** The first line of a file of bad rows. JSON lines have no header. */
export function badRowsHeader(delimiter: Delimiter | null): string {
  return delimiter === null ? '' : toCsv([HEADINGS], delimiter)
}

/** One good row of each kind, as CSV. With semicolons as delimiters the decimal sign is a comma. */
export function templateText(delimiter: Delimiter, partner: string): string {
  const rows = Object.entries(TEMPLATE_ROWS).map(([kind, row]) => {
    const gold_weight = delimiter === ';' ? row.gold_weight?.replace('.', ',') : row.gold_weight
    return { ...row, kind, partner, gold_weight }
  })
  return stringify(rows, { header: true, columns: [...COLUMN_NAMES], delimiter })
}

/** Puts a quote in front of a text that a spreadsheet would run as a formula. Reading removes the quote. */
function toCsv(rows: readonly (string[] | Record<string, string>)[], delimiter: Delimiter): string {
  return stringify([...rows], { columns: HEADINGS, delimiter, escape_formulas: true })
}
