import { readPersonName } from '../core/person.ts'
import { readPlainText } from '../core/plain-text.ts'
import { ORDER_KINDS, type OrderKind } from '../orders/command.ts'
import type { FilterField } from '../orders/filter-fields.ts'
import { BREAK_TYPE_NAMES, type BreakType } from './enums.ts'

/** Which open breaks; null does not narrow. */
export interface BreakSelection {
  readonly type: BreakType | null
  /** The order's kind, or the line's where no order is known. */
  readonly kind: OrderKind | null
  readonly partner: string | null
  readonly owner: string | null
  /** Opened more than so many days ago. */
  readonly olderThan: number | null
  readonly overdue: true | null
}

const oneOf = <Word extends string>(words: readonly Word[]) => ({
  choices: words,
  expected: `one of ${words.join(', ')}`,
  read: (text: string) => words.find((word) => word === text) ?? null,
})

const MOST_CHARACTERS = 200

/** The filter of breaks: console and command line read the same fields in the same way. */
export const BREAK_FIELDS: {
  readonly [Key in keyof BreakSelection]: FilterField<NonNullable<BreakSelection[Key]>>
} = {
  type: {
    page: 'type',
    option: 'type <type>',
    param: null,
    means: 'only of this type',
    ...oneOf(BREAK_TYPE_NAMES),
  },
  kind: {
    page: 'kind',
    option: 'kind <kind>',
    param: null,
    means: 'only of orders of this kind',
    ...oneOf(ORDER_KINDS),
  },
  partner: {
    page: 'partner',
    option: 'partner <partner>',
    param: null,
    means: 'only of orders of this partner',
    expected: `a text of at most ${MOST_CHARACTERS} characters`,
    read: (text) => readPlainText(text, MOST_CHARACTERS),
  },
  owner: {
    page: 'owner',
    option: 'owner <name>',
    param: null,
    means: 'only those assigned to somebody',
    expected: 'the name of a person',
    read: readPersonName,
  },
  olderThan: {
    page: 'older',
    option: 'older-than <days>',
    param: null,
    means: 'only those opened more than so many days ago',
    expected: 'a whole number of days',
    read: (text) => (/^\d{1,5}$/.test(text.trim()) ? Number(text) : null),
  },
  overdue: {
    page: 'overdue',
    option: 'overdue',
    param: null,
    means: 'only those that are overdue',
    expected: 'yes',
    read: (text) => (text === 'yes' ? true : null),
  },
}

export const BREAK_KEYS = Object.keys(BREAK_FIELDS) as (keyof BreakSelection)[]

const selectionBy = (valueAt: (key: keyof BreakSelection) => unknown): BreakSelection =>
  Object.fromEntries(BREAK_KEYS.map((key) => [key, valueAt(key) ?? null])) as unknown as BreakSelection

/** A selection of all open breaks. */
export const ANY_BREAK = selectionBy(() => null)

/** The selection in an address or a form; what cannot be read does not narrow. */
export const readBreakSelection = (query: URLSearchParams): BreakSelection =>
  selectionBy((key) => BREAK_FIELDS[key].read(query.get(BREAK_FIELDS[key].page) ?? ''))

/** The selection of a command's options. */
export const breakSelectionOf = (options: object): BreakSelection =>
  selectionBy((key) => (options as Readonly<Record<string, unknown>>)[key])

export const narrowsBreaks = (selection: BreakSelection): boolean =>
  BREAK_KEYS.some((key) => selection[key] !== null)
