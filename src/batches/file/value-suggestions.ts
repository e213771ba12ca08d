import { COLUMNS, type ColumnName } from './columns.ts'

/**
 * What a refused value was probably meant to be, as the end of a sentence; empty when nothing is probable. Values are never
 * corrected: a wrong guess would move money.
 */
export function valueSuggestion(column: ColumnName | null, value: unknown): string {
  if (column === null || typeof value !== 'string') return ''
  if (column === 'ktp') return ktpSuggestion(value)
  switch (COLUMNS[column].type) {
    case 'grams':
      return gramsSuggestion(value)
    case 'rupiah':
      return groupedSuggestion(value)
    case 'text':
      return ''
  }
}

function ktpSuggestion(value: string): string {
  if (!/^\d{14,15}$/.test(value)) return ''
  // Never the number itself, not even its mended form.
  return `: a KTP number has 16 digits and this has ${value.length}; a spreadsheet drops a leading zero: write all 16 digits, in a column of text`
}

function gramsSuggestion(value: string): string {
  const match = /^(\d{1,6}),(\d{1,4})$/.exec(value)
  if (match === null) return groupedSuggestion(value)
  const [, whole = '', decimals = ''] = match
  const decimal = `write ${whole}.${decimals}`
  if (decimals.length !== 3 || whole.length > 3 || whole === '0') return `: ${decimal}`
  return `: ${decimal} if the comma is the decimal sign, ${whole}${decimals} if it separates thousands`
}

/** Thousands of at most nine digits: a longer number may be a phone or KTP number, which no message repeats. */
const GROUPED = /^[1-9]\d{0,2}(?:(?:\.\d{3}){1,2}|(?:,\d{3}){1,2})$/

function groupedSuggestion(value: string): string {
  if (!GROUPED.test(value)) return ''
  const groups = value.split(/[.,]/)
  const thousands = `write ${groups.join('')} if the signs separate thousands`
  return groups.length === 2
    ? `: ${thousands}, ${groups[0]} if the rest are decimals`
    : `: ${thousands}; a number has at most one decimal sign`
}
