import { maskNumbersIn } from '../../../core/masking.ts'
import { ORDER_KINDS } from '../../../orders/command.ts'
import type { LineField } from '../mapping.ts'
import { type Column, type ColumnChoice, columnName, FITTING_SHARE } from './columns.ts'
import { areClockTimes, possibleDates } from './dates.ts'
import { kindOfWord } from './words.ts'

/** What is said of one field of the proposal. */
export interface ProposalNote {
  readonly field: string
  /** `unsure` and `missing` must be decided before the mapping can be added. */
  readonly is: 'found' | 'check' | 'unsure' | 'missing'
  readonly says: string
}

const REQUIRED: ReadonlySet<LineField> = new Set([
  'kind',
  'phone_number',
  'gold_weight',
  'amount',
  'executed_at',
])

const named = (column: Column) => columnName(column, maskNumbersIn)
const either = (columns: readonly Column[]) => columns.map(named).join(' or ')

/** What is said of a field's column. */
export function columnNote(field: LineField, choice: ColumnChoice): ProposalNote {
  switch (choice.is) {
    case 'found':
      if (choice.others.length > 0) {
        const others = either(choice.others)
        return {
          field,
          is: 'check',
          says: `${named(choice.column)}, by its heading; ${others} may be meant too: check it`,
        }
      }
      return choice.by === 'heading'
        ? { field, is: 'found', says: `${named(choice.column)}, by its heading` }
        : { field, is: 'check', says: `${named(choice.column)}, by its values only: check it` }
    case 'unsure':
      return {
        field,
        is: 'unsure',
        says: `may be ${either(choice.columns)}: write the right heading into columns.${field}${REQUIRED.has(field) ? '' : ', or leave it out'}`,
      }
    case 'missing': {
      const refused = choice.refused.length === 0 ? '' : `; ${either(choice.refused)} has other values`
      return REQUIRED.has(field)
        ? { field, is: 'missing', says: `not found${refused}: write its heading into columns.${field}` }
        : { field, is: 'check', says: `not found${refused}; it is optional` }
    }
  }
}

const MOST_NAMED = 10

/** The words of the file for each kind. */
export function proposeKinds(choice: ColumnChoice) {
  const words = choice.is === 'found' ? [...new Set(choice.column.cells)] : []
  const kinds: Record<string, string[]> = {}
  for (const kind of ORDER_KINDS) {
    const own = words.filter((word) => kindOfWord(word) === kind)
    if (own.length > 0) kinds[kind] = own
  }
  const unknown = words.filter((word) => kindOfWord(word) === null)
  const notes: ProposalNote[] = []
  if (words.length > 0)
    notes.push({
      field: 'kinds',
      is: 'check',
      says: `${Object.keys(kinds).join(', ') || 'none'}, of the first rows: add the words of the others, if there are any`,
    })
  if (unknown.length > 0)
    notes.push({
      field: 'kinds',
      is: 'unsure',
      says: `${unknown
        .slice(0, MOST_NAMED)
        .map((word) => JSON.stringify(maskNumbersIn(word.slice(0, 60))))
        .join(
          ', ',
        )} ${unknown.length > MOST_NAMED ? `and ${unknown.length - MOST_NAMED} more ` : ''}may be a kind or not: add each to kinds, or to ignored_kinds`,
    })
  return { kinds, notes }
}

/** The pattern of the file's times. */
export function proposeDates(choice: ColumnChoice, columns: readonly Column[]) {
  const note = (is: ProposalNote['is'], says: string): ProposalNote => ({ field: 'dates', is, says })
  if (choice.is !== 'found' || choice.column.cells.length === 0)
    return { dates: 'iso', notes: [note('check', 'iso, because no time was seen: check it')] }
  const possible = possibleDates(choice.column.cells, FITTING_SHARE)
  const [first, ...others] = possible
  if (first === undefined)
    return { dates: '?', notes: [note('missing', 'no pattern is known for them: write one')] }
  if (others.length > 0) {
    const all = possible.map(({ dates }) => dates).join(' or ')
    return {
      dates: `? ${all}`,
      notes: [note('unsure', `may be ${all}, because no day is above 12: write the right one`)],
    }
  }
  const clock = columns.find((column) => column !== choice.column && areClockTimes(column.cells))
  const notes = [note('found', first.dates)]
  if (!first.hasClock)
    notes.push(
      note(
        'check',
        `the times have no time of day, so that a line counts for its whole day${clock === undefined ? '' : `; it is in ${named(clock)}, and a mapping reads one column: ask the sender for both in one`}`,
      ),
    )
  if (first.hasClock && !first.hasZone)
    notes.push({
      field: 'time_zone',
      is: 'check',
      says: 'Asia/Jakarta, because the times name no zone: check it',
    })
  return { dates: first.dates, notes }
}
