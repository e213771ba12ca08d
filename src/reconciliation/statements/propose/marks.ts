import { maskNumbersIn } from '../../../core/masking.ts'
import type { FileRecord } from '../../../csv/records.ts'
import { type Column, type ColumnChoices, columnName } from './columns.ts'
import type { ProposalNote } from './notes.ts'

/** Rows that are no transactions, as the fields `ignored_rows` and `trailer` of a mapping. */
export interface Marks {
  readonly fields: {
    readonly ignored_rows?: readonly RowRule[]
    readonly trailer?: RowRule
  }
  readonly notes: readonly ProposalNote[]
}

interface RowRule {
  readonly column: string
  readonly values: readonly string[]
}

const TOTAL = /^(?:grand |sub ?)?(?:total|jumlah)\b/i

/**
 * Finds totals below the header: rows that name neither a kind nor a wallet, and begin with a word for a total. The last row
 * of a file is its trailer, the others are ignored. A rule never hides a transaction: the import refuses a row that a rule
 * matches and that names a kind and a wallet.
 * @param isWhole whether the rows are all of the file
 */
export function proposeMarks(
  columns: readonly Column[],
  rows: readonly FileRecord[],
  { kind, phone_number }: ColumnChoices,
  isWhole: boolean,
): Marks {
  const isEmpty = (choice: ColumnChoices['kind'], { cells }: FileRecord) =>
    choice.is === 'found' && (cells[choice.column.position] ?? '').trim() === ''
  const totals = rows.flatMap((row) => {
    const position = row.cells.findIndex((cell) => cell.trim() !== '')
    const [column, text = ''] = [columns[position], row.cells[position]?.trim()]
    const isTotal = isEmpty(kind, row) && isEmpty(phone_number, row) && TOTAL.test(text)
    return column === undefined || column.heading === '' || !isTotal ? [] : [{ row, column, text }]
  })
  const last = totals.at(-1)
  const trailer = isWhole && last !== undefined && last.row === rows.at(-1) ? last : null
  const others = totals.filter((each) => each !== trailer && each.text !== trailer?.text)
  return {
    fields: {
      ...(others.length === 0 ? {} : { ignored_rows: rulesOf(others) }),
      ...(trailer === null ? {} : { trailer: { column: trailer.column.heading, values: [trailer.text] } }),
    },
    notes: [
      ...others.map(({ row, column }) => note('ignored_rows', row, column, 'is a total')),
      ...(trailer === null ? [] : [note('trailer', trailer.row, trailer.column, 'ends the file')]),
    ],
  }
}

function note(field: string, { lineNumber }: FileRecord, column: Column, what: string): ProposalNote {
  const says = `line ${lineNumber} ${what}, by its word in ${columnName(column, maskNumbersIn)}: check it`
  return { field, is: 'check', says }
}

function rulesOf(totals: readonly { readonly column: Column; readonly text: string }[]): RowRule[] {
  const headings = [...new Set(totals.map(({ column }) => column.heading))]
  return headings.map((heading) => ({
    column: heading,
    values: [...new Set(totals.filter(({ column }) => column.heading === heading).map(({ text }) => text))],
  }))
}
