import { z } from 'zod'
import { describeProblems, readFields } from '../../core/field-problems.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { patternProblem } from './times.ts'

/** The fields of a line. The ids and the fee are optional. */
export const LINE_FIELDS = [
  'session_id',
  'response_id',
  'request_id',
  'kind',
  'phone_number',
  'gold_weight',
  'amount',
  'fee',
  'executed_at',
] as const
export type LineField = (typeof LINE_FIELDS)[number]

const text = z.string().trim().min(1)
const texts = z.array(text)

/** The header is within this many lines from the beginning of the file. */
export const HEADER_WITHIN = 50
const HEADER_ROW = {
  error: `"first", "found", or the line of the file that has the columns' names, from 1 to ${HEADER_WITHIN}`,
}

/** Rows that are no transactions: their cell in the column is one of the values. A value may end with `*`. */
const rowRule = z.strictObject({ column: text, values: texts.min(1) })
export type RowRule = z.infer<typeof rowRule>

const shape = z.strictObject({
  /** Our field → the heading of the file's column. Headings are compared without case and surrounding space. */
  columns: z.strictObject({
    session_id: text.optional(),
    response_id: text.optional(),
    request_id: text.optional(),
    kind: text,
    phone_number: text,
    gold_weight: text,
    amount: text,
    fee: text.optional(),
    executed_at: text,
  }),
  /** Kind → the words that stand for it in the file's kind column, compared without case. */
  kinds: z.strictObject(Object.fromEntries(ORDER_KINDS.map((kind) => [kind, texts.default([])]))),
  /** Words of the kind column whose lines are not orders, such as a monthly fee. */
  ignored_kinds: texts.default([]),
  /** The line of the file, the first row that is not blank, or the first row with all columns. */
  header_row: z
    .union(
      [z.int().min(1, HEADER_ROW).max(HEADER_WITHIN, HEADER_ROW), z.enum(['first', 'found'])],
      HEADER_ROW,
    )
    .default('first'),
  /** Rows to ignore anywhere in the file, such as page marks and subtotals. */
  ignored_rows: z.array(rowRule).default([]),
  /** Rows that end the file. Without one a statement may be truncated. `totals` are compared with the lines. */
  trailer: rowRule
    .extend({ totals: z.array(z.enum(['amount', 'fee', 'gold_weight'])).default([]) })
    .nullable()
    .default(null),
  /**
   * `joined`: rows directly below each other with the same session_id are parts of one transaction, and are added up.
   * `separate`: every row is a transaction of its own.
   */
  parts: z.enum(['separate', 'joined'], { error: '"separate" or "joined"' }).default('separate'),
  /** The sheet of a workbook; null: the only visible one with a value. */
  sheet: text.nullable().default(null),
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
  encoding: z.enum(['utf-8', 'latin1', 'utf-16le']).default('utf-8'),
  decimal: z.enum(['.', ',']).default('.'),
  thousands: z.enum(['', '.', ',', ' ']).default(''),
  /** `iso`, or a pattern such as `dd/MM/yyyy HH:mm`; docs/reconciliation.md lists its parts. */
  dates: text.default('iso'),
  /** The zone of times that name none. */
  time_zone: text.refine(isTimeZone, 'a time zone such as Asia/Jakarta').default('Asia/Jakarta'),
})

/** How a source's statements are read. */
export type Mapping = z.infer<typeof shape>

/** An invalid mapping. The message names the field and its valid values. */
export class InvalidMappingError extends Error {
  override name = 'InvalidMappingError'
}

/**
 * Checks a mapping that a person wrote in JSON.
 * @throws InvalidMappingError
 */
export function parseMapping(given: unknown): Mapping {
  const read = readFields(shape, given, 'mapping')
  if (read.is === 'refused') throw new InvalidMappingError(describeProblems(read.problems))
  const problem = contradictionIn(read.data)
  if (problem !== null) throw new InvalidMappingError(problem)
  return read.data
}

function contradictionIn(mapping: Mapping): string | null {
  const { columns, kinds, ignored_kinds, ignored_rows, trailer, decimal, thousands, dates } = mapping
  if (mapping.parts === 'joined' && columns.session_id === undefined)
    return 'parts: "joined" needs columns.session_id, by which the parts of a transaction are known'
  if (decimal === thousands) return 'thousands: must differ from decimal'
  const pattern = patternProblem(dates)
  if (pattern !== null) return `dates: ${pattern}`
  const twice = firstRepeated([...Object.values(kinds).flat(), ...ignored_kinds].map(folded))
  if (twice !== null) return `kinds: "${twice}" has two meanings`
  if ([...ignored_rows, ...(trailer === null ? [] : [trailer])].some(({ values }) => values.includes('*')))
    return 'ignored_rows, trailer: "*" alone would ignore every row'
  const total = trailer?.totals.find((field) => columns[field] === undefined)
  if (total !== undefined) return `trailer.totals: columns has no ${total}`
  const heading = firstRepeated(Object.values(columns).map((name) => folded(name ?? '')))
  return heading === null ? null : `columns: "${heading}" is used twice`
}

function firstRepeated(all: readonly string[]): string | null {
  return all.find((each, position) => all.indexOf(each) !== position) ?? null
}

/** Headings and words are compared in this form: without case, invisible characters and more than one space. */
export function folded(word: string): string {
  return word
    .normalize('NFC')
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
