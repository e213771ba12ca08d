import { z } from 'zod'
import { ORDER_KINDS } from '../../domain/command.ts'
import { describeProblems, readFields } from '../../domain/field-problems.ts'

/** What a statement's column may be to us. The ids may be missing, and so may the fee. */
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
const words = z.array(text)

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
  kinds: z.strictObject(Object.fromEntries(ORDER_KINDS.map((kind) => [kind, words.default([])]))),
  /** Words of the kind column whose lines are no orders: a monthly fee, an interest. */
  ignored_kinds: words.default([]),
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
  encoding: z.enum(['utf-8', 'latin1', 'utf-16le']).default('utf-8'),
  decimal: z.enum(['.', ',']).default('.'),
  thousands: z.enum(['', '.', ',', ' ']).default(''),
  /** `iso`, or a pattern of yyyy, MM, MMM, dd, HH, mm and ss such as `dd/MM/yyyy HH:mm`. */
  dates: text.default('iso'),
  /** The zone of times that name none. */
  time_zone: text.refine(isTimeZone, 'a time zone such as Asia/Jakarta').default('Asia/Jakarta'),
})

/** How a source's statements are read. */
export type Mapping = z.infer<typeof shape>

/** A mapping that says nothing sensible. The message names the field and what it may be. */
export class InvalidMappingError extends Error {
  override name = 'InvalidMappingError'
}

/**
 * Checks a mapping as a person writes it in JSON.
 * @throws InvalidMappingError
 */
export function parseMapping(given: unknown): Mapping {
  const read = readFields(shape, given, 'mapping')
  if (read.is === 'refused') throw new InvalidMappingError(describeProblems(read.problems))
  const problem = contradictionIn(read.data)
  if (problem !== null) throw new InvalidMappingError(problem)
  return read.data
}

function contradictionIn({
  columns,
  kinds,
  ignored_kinds,
  decimal,
  thousands,
  dates,
}: Mapping): string | null {
  if (decimal === thousands) return 'thousands: must differ from decimal'
  if (dates !== 'iso' && !['yyyy', 'MM', 'dd'].every((part) => dates.includes(part)))
    return 'dates: iso, or a pattern with yyyy, MM or MMM, and dd, such as dd/MM/yyyy HH:mm'
  const twice = firstRepeated([...Object.values(kinds).flat(), ...ignored_kinds].map(folded))
  if (twice !== null) return `kinds: "${twice}" stands for two things`
  const heading = firstRepeated(Object.values(columns).map((name) => folded(name ?? '')))
  return heading === null ? null : `columns: "${heading}" is used twice`
}

function firstRepeated(all: readonly string[]): string | null {
  return all.find((each, position) => all.indexOf(each) !== position) ?? null
}

/** Headings and kind words are compared in this form. */
export const folded = (word: string): string => word.trim().toLowerCase()

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
