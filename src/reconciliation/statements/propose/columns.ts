import { readPhoneNumber } from '../../../core/phone-number.ts'
import { columnLetters } from '../../../csv/columns.ts'
import { LINE_FIELDS, type LineField } from '../mapping.ts'
import { NUMBER_SIGNS, numberReader } from '../numbers.ts'
import { possibleDates } from './dates.ts'
import { headingScore, kindOfWord } from './words.ts'

/** A column of the file, with its values that are not empty. */
export interface Column {
  readonly heading: string
  readonly position: number
  readonly cells: readonly string[]
}

/** The column of a field, as far as it can be told. */
export type ColumnChoice =
  /** `others` have headings that say it less clearly, and values that fit. */
  | {
      readonly is: 'found'
      readonly column: Column
      readonly by: 'heading' | 'values'
      readonly others: readonly Column[]
    }
  /** Several are as likely. */
  | { readonly is: 'unsure'; readonly columns: readonly Column[] }
  /** Those that have the heading have other values. */
  | { readonly is: 'missing'; readonly refused: readonly Column[] }

export type ColumnChoices = Readonly<Record<LineField, ColumnChoice>>

/** Values of which this share fits belong to the field: a file has bad lines, and totals below its lines. */
export const FITTING_SHARE = 0.9

/** Chooses the column of each field by the words of its heading, where its values fit, and else by its values alone. */
export function chooseColumns(columns: readonly Column[]): ColumnChoices {
  const named = columns.filter(({ heading }) => heading !== '')
  const choices = Object.fromEntries(LINE_FIELDS.map((field) => [field, byHeading(field, named)])) as Record<
    LineField,
    ColumnChoice
  >
  const taken = new Set(Object.values(choices).flatMap(columnsOf))
  for (const field of LINE_FIELDS) {
    if (choices[field].is !== 'missing' || !BY_VALUES.has(field)) continue
    const fitting = named.filter((column) => !taken.has(column) && looksLike(field, column.cells))
    const [column] = fitting
    if (column === undefined) continue
    choices[field] =
      fitting.length === 1
        ? { is: 'found', column, by: 'values', others: [] }
        : { is: 'unsure', columns: fitting }
  }
  return choices
}

const columnsOf = (choice: ColumnChoice): readonly Column[] =>
  choice.is === 'found' ? [choice.column] : choice.is === 'unsure' ? choice.columns : []

function byHeading(field: LineField, columns: readonly Column[]): ColumnChoice {
  const candidates = columns
    .map((column) => ({ column, score: headingScore(column.heading, field) }))
    // A heading that says more of another field is that field's: "Jumlah (gram)".
    .filter(
      ({ column, score }) =>
        score > 0 && LINE_FIELDS.every((other) => headingScore(column.heading, other) <= score),
    )
  const fitting = candidates.filter(({ column }) => mayBe(field, column.cells))
  const most = Math.max(0, ...fitting.map(({ score }) => score))
  const best = fitting.filter(({ score }) => score === most).map(({ column }) => column)
  const [column] = best
  if (column === undefined) return { is: 'missing', refused: candidates.map((each) => each.column) }
  const others = fitting.map((each) => each.column).filter((each) => !best.includes(each))
  // A word such as "reference" may stand for any id.
  const isVague = field === 'session_id' && most === 1 && !looksLike(field, column.cells)
  return best.length === 1 && !isVague
    ? { is: 'found', column, by: 'heading', others }
    : { is: 'unsure', columns: best }
}

const share = (cells: readonly string[], fits: (cell: string) => boolean) =>
  cells.length === 0 ? 1 : cells.filter(fits).length / cells.length

const READERS = NUMBER_SIGNS.map(numberReader)
const isId = (cell: string) => /^[!-~]{1,200}$/.test(cell)
const isPhone = (cell: string) => readPhoneNumber(cell) !== null
const isGrams = (cell: string) => READERS.some((reader) => reader.grams(cell) !== null)
const isRupiah = (cell: string) => READERS.some((reader) => reader.rupiah(cell) !== null)

/** The cells of a field of numbers that are numbers by any signs; the others are bad lines, or marks below the lines. */
export function numbersAmong(field: LineField, cells: readonly string[]): readonly string[] {
  return cells.filter(field === 'gold_weight' ? isGrams : isRupiah)
}

/** Whether the values allow the field: a heading alone does not decide. */
function mayBe(field: LineField, cells: readonly string[]): boolean {
  switch (field) {
    case 'session_id':
    case 'response_id':
    case 'request_id':
      return share(cells, isId) >= FITTING_SHARE
    case 'kind':
      // Other words than those of kinds are told to the person.
      return cells.length === 0 || cells.some((cell) => kindOfWord(cell) !== null)
    case 'phone_number':
      return share(cells, isPhone) >= FITTING_SHARE
    case 'gold_weight':
      return share(cells, isGrams) >= FITTING_SHARE
    case 'amount':
    case 'fee':
      return share(cells, isRupiah) >= FITTING_SHARE
    case 'executed_at':
      return cells.length === 0 || possibleDates(cells, FITTING_SHARE).length > 0
  }
}

/** Fields whose values tell them without a heading. Amounts and fees are told apart by nothing else. */
const BY_VALUES: ReadonlySet<LineField> = new Set(['session_id', 'kind', 'phone_number', 'executed_at'])

/** Whether the values are nothing else. */
function looksLike(field: LineField, cells: readonly string[]): boolean {
  if (cells.length === 0) return false
  if (field === 'session_id')
    return (
      share(cells, (cell) => /^[0-9A-F]{32}$/i.test(cell)) >= FITTING_SHARE &&
      new Set(cells).size === cells.length
    )
  if (field === 'kind') return share(cells, (cell) => kindOfWord(cell) !== null) >= FITTING_SHARE
  return mayBe(field, cells)
}

/** "Jumlah" (E) */
export function columnName({ heading, position }: Column, mask: (text: string) => string): string {
  return `${JSON.stringify(mask(heading.slice(0, 60)))} (${columnLetters(position)})`
}
