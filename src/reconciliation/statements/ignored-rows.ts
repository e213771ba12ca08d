/** Why a row is no transaction of its own, with the text that people read. */
export const IGNORED_BY = {
  blank: 'blank',
  above_header: 'above the header',
  ignored_kinds: 'of kinds that the mapping ignores',
  ignored_rows: "of the mapping's ignored_rows",
  trailer: 'trailer',
  joined: 'parts of the line above them',
} as const
export type IgnoredBy = keyof typeof IGNORED_BY

/** How many rows are no transactions, by the rule that says so. */
export type IgnoredRows = Readonly<Record<IgnoredBy, number>>
