import type { z } from 'zod'
import { didYouMean } from './suggestions.ts'

/** What is wrong with one field of an input: its name and the rule, never its value. */
export interface FieldProblem {
  readonly field: string
  readonly problem: string
}

/** The largest number of problems that are listed. */
export const MOST_PROBLEMS = 20

/** The parsed value, or every problem in this program's own wording. */
export type ReadFields<T> =
  | { readonly is: 'read'; readonly data: T }
  | { readonly is: 'refused'; readonly problems: readonly FieldProblem[] }

/**
 * Reads a value by a schema. The text of a problem is the schema's own or comes from {@link defaultProblem}; the validator's
 * messages are never shown.
 * @param whole the name of the whole value
 */
export function readFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole: string,
): ReadFields<z.output<Schema>> {
  const read = schema.safeParse(value, { error: defaultProblem })
  if (read.success) return { is: 'read', data: read.data }
  const problems = read.error.issues.flatMap((issue) => problemsOf(issue, schema, value))
  return {
    is: 'refused',
    problems: problems
      .slice(0, MOST_PROBLEMS)
      .map(({ field, problem }) => ({ field: field || whole, problem })),
  }
}

/** Prefixes the fields of problems with the name of their parent. */
export function within(parent: string, problems: readonly FieldProblem[]): FieldProblem[] {
  return problems.map(({ field, problem }) => ({
    field: field === '' ? parent : `${parent}.${field}`,
    problem,
  }))
}

/** All problems in one line. */
export function describeProblems(problems: readonly FieldProblem[]): string {
  return problems.map(({ field, problem }) => `${field}: ${problem}`).join('; ')
}

const NAME_CHARACTERS = 40

/** A safe name of a field: unknown names come from outside and may have a phone number or an e-mail address. */
export function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part) =>
      typeof part === 'number'
        ? String(part)
        : String(part)
            .slice(0, NAME_CHARACTERS)
            .replace(/[^A-Za-z_]/g, '?'),
    )
    .join('.')
    .slice(0, 80)
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): FieldProblem[] {
  if (issue.code !== 'unrecognized_keys') return [{ field: fieldName(issue.path), problem: issue.message }]
  const given = Object.keys(Object(valueAt(value, issue.path)))
  const missing = fieldsAt(schema, issue.path).filter((name) => !given.includes(name))
  return issue.keys.slice(0, MOST_PROBLEMS).map((key) => ({
    field: fieldName([...issue.path, key]),
    problem: `is not a field here${didYouMean(key, missing)}`,
  }))
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => (Object(inner) as Record<PropertyKey, unknown>)[part], value)
}

/** The fields that an object at a place of a schema may have. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { def } = schema._zod as unknown as { def: SchemaDefinition }
  if (def.options !== undefined) return [...new Set(def.options.flatMap((option) => fieldsAt(option, path)))]
  const inner = def.innerType ?? def.in
  if (inner !== undefined) return fieldsAt(inner, path)
  const [first, ...rest] = path
  if (first === undefined) return Object.keys(def.shape ?? {})
  const next = typeof first === 'number' ? def.element : def.shape?.[String(first)]
  return next === undefined ? [] : fieldsAt(next, rest)
}

interface SchemaDefinition {
  readonly options?: readonly z.core.$ZodType[]
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly element?: z.core.$ZodType
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
}

/** The name of each type in messages. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

/** The name of each text format in messages. */
const FORMAT_WORDS: Readonly<Record<string, string>> = {
  datetime: 'an ISO 8601 time with a zone, such as 2027-01-31T09:00:00+07:00',
  date: 'a day such as 2027-01-31',
  guid: 'an id such as 019c4f2a-7b1e-7c3d-9a4b-5e6f70818293',
  uuid: 'an id such as 019c4f2a-7b1e-7c3d-9a4b-5e6f70818293',
  email: 'an e-mail address',
  url: 'a URL',
}

/** The text of a problem for which the schema has none. */
function defaultProblem(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = `must be ${TYPE_WORDS[issue.expected] ?? 'of another type'}`
      return issue.input === undefined ? `is missing: it ${expected}` : expected
    }
    case 'too_small':
      return `must ${sizeWords(issue.origin)} ${issue.minimum} or more`
    case 'too_big':
      return `must ${sizeWords(issue.origin)} ${issue.maximum} or less`
    case 'invalid_format':
      return `must be ${FORMAT_WORDS[issue.format] ?? 'written as the documentation says'}`
    case 'invalid_value': {
      const values = issue.values.map(String)
      return `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}${didYouMean(issue.input, values)}`
    }
    default:
      return 'is not what the documentation says that it may be'
  }
}

function sizeWords(origin: string): string {
  if (origin === 'string') return 'be as long, in characters, as'
  return origin === 'array' || origin === 'set' ? 'have as many entries as' : 'be'
}
