import { positionOf } from './header.ts'
import { folded, type Mapping, type RowRule } from './mapping.ts'

/** The rule of the mapping that a row matches; null when it matches none. */
export type RuleOf = (cells: readonly string[]) => 'ignored_rows' | 'trailer' | null

/**
 * The mapping's rules for rows that are no transactions.
 * @throws StatementRefused when the header lacks a rule's column
 */
export function rowRules({ ignored_rows, trailer }: Mapping, header: readonly string[]): RuleOf {
  const ignored = ignored_rows.map((rule) => rowMatcher(rule, header))
  const isTrailer = trailer === null ? null : rowMatcher(trailer, header)
  if (ignored.length === 0 && isTrailer === null) return () => null
  return (cells) => {
    if (isTrailer?.(cells)) return 'trailer'
    return ignored.some((isIgnored) => isIgnored(cells)) ? 'ignored_rows' : null
  }
}

/** A value that ends with `*` matches every cell that begins with the rest. */
function rowMatcher({ column, values }: RowRule, header: readonly string[]) {
  const position = positionOf(column, header)
  const words = new Set(values.filter((value) => !value.endsWith('*')).map(folded))
  const beginnings = values.filter((value) => value.endsWith('*')).map((value) => folded(value.slice(0, -1)))
  return (cells: readonly string[]): boolean => {
    const word = folded(cells[position] ?? '')
    return words.has(word) || beginnings.some((beginning) => word.startsWith(beginning))
  }
}
