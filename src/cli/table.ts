import { styleText } from 'node:util'
import { formatCount } from '../core/format.ts'
import { Failure } from './failure.ts'

/** A text, or a count, which the table formats and aligns to the right. */
export type TableCell = string | number

/** What the person and the terminal ask of every table. */
export interface TableLook {
  /** Headings of the columns to show, in this order; null: all. */
  readonly columns: readonly string[] | null
  /** Longer lines are shortened to so many columns; null: nothing is shortened. */
  readonly width: number | null
  readonly hasColour: boolean
}

const PLAIN: TableLook = { columns: null, width: null, hasColour: false }

/** Set once, before a command runs. */
let look = PLAIN

/** How tables are shown from here on. */
export function showTablesAs(chosen: TableLook): void {
  look = chosen
}

/** A column of one table: its heading and cells as texts. */
interface Column {
  readonly heading: string
  readonly cells: readonly string[]
  readonly isRight: boolean
}

/**
 * Formats rows in columns, each as wide as its widest cell.
 * @throws Failure when the person asked for a column that this table does not have
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly TableCell[])[],
  rightAligned: readonly string[] = [],
): string {
  const all = headings.map((heading, n) => {
    const cells = rows.map((row) => row[n] ?? '')
    const isRight = rightAligned.includes(heading) || cells.some((cell) => typeof cell === 'number')
    return { heading, cells: cells.map(textOf), isRight }
  })
  const wanted = chosen(all)
  const columns = fitting(wanted)
  const widths = columns.map(({ width }) => width)
  const leftOff = wanted.slice(columns.length).map(({ heading }) => heading)
  const line = (textsOf: (column: Column) => string, isRow: boolean) =>
    columns
      .map((column, n) => {
        const text = shortened(textsOf(column), widths[n] ?? 0)
        const padded = column.isRight ? text.padStart(widths[n] ?? 0) : text.padEnd(widths[n] ?? 0)
        return isRow ? coloured(column.heading, text, padded) : padded
      })
      .join(GAP)
      .trimEnd()
  return [
    line(({ heading }) => heading, false),
    widths.map((width) => '─'.repeat(width)).join(GAP),
    ...rows.map((_row, n) => line(({ cells }) => cells[n] ?? '', true)),
    ...(leftOff.length === 0 ? [] : [`(--wide also shows ${leftOff.join(', ')})`]),
  ].join('\n')
}

const GAP = '  '
const textOf = (cell: TableCell) => (typeof cell === 'number' ? formatCount(cell) : cell)

function chosen(all: readonly Column[]): readonly Column[] {
  return (
    look.columns?.map((name) => {
      const found = all.find(({ heading }) => heading === name)
      if (found === undefined)
        throw new Failure(
          2,
          `--columns: this table has no column ${name}; it has ${all.map(({ heading }) => heading).join(', ')}`,
        )
      return found
    }) ?? all
  )
}

/** A text that is cut to less says nothing. */
const NARROWEST = 12
const TIME = /^\d{4}-\d\d-\d\d[T ]/

/** Numbers, times and states say nothing in part. */
const isCuttable = ({ heading, cells, isRight }: Column) =>
  !isRight && !OF_STATES.includes(heading) && !cells.some((cell) => TIME.test(cell))

interface FittedColumn extends Column {
  readonly width: number
}

/**
 * The columns that fit, each with its width. What would not fit even with every text at its shortest is left off at the end;
 * then the widest texts are shortened.
 */
function fitting(wanted: readonly Column[]): readonly FittedColumn[] {
  const columns = wanted.map((column) => {
    const width = Math.max(column.heading.length, ...column.cells.map((cell) => cell.length))
    const least = isCuttable(column) ? Math.min(width, Math.max(NARROWEST, column.heading.length)) : width
    return { ...column, width, least }
  })
  const { width: limit } = look
  if (limit === null) return columns
  const excess = (of: 'width' | 'least') =>
    columns.reduce((sum, column) => sum + column[of] + GAP.length, -GAP.length) - limit
  while (columns.length > 1 && excess('least') > 0) columns.pop()
  const widest = () =>
    columns
      .filter(({ width, least }) => width > least)
      .reduce<{ width: number } | null>((most, each) => (each.width > (most?.width ?? 0) ? each : most), null)
  for (let column = widest(); column !== null && excess('width') > 0; column = widest()) column.width -= 1
  return columns
}

const shortened = (text: string, width: number) =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`

/** Columns whose words are coloured. */
const OF_STATES = ['state', 'outcome']
const RED = new Set(['in_doubt', 'open', 'failed', 'given_up'])
const YELLOW = new Set(['rejected', 'expired', 'cancelled', 'held', 'paused'])
const GREEN = new Set(['succeeded', 'delivered', 'approved'])

/** Colour only stresses: every word is there without it. */
function coloured(heading: string, text: string, padded: string): string {
  const colour = colourOf(text)
  if (!look.hasColour || !OF_STATES.includes(heading) || colour === null) return padded
  return styleText(colour, padded, { validateStream: false })
}

function colourOf(state: string): 'red' | 'yellow' | 'green' | null {
  if (RED.has(state)) return 'red'
  if (YELLOW.has(state)) return 'yellow'
  return GREEN.has(state) ? 'green' : null
}
