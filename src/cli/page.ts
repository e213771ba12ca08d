import { type Command, InvalidArgumentError } from 'commander'
import { formatCount } from '../core/format.ts'
import { printRows, type RowFormat, rowFormatOptions } from './rows.ts'

/** The part of a list to show. */
export interface PageOptions {
  readonly limit: number
  readonly skip: number
}

/** How much of a list is shown, and how long the list is. */
export interface ListedOf extends PageOptions {
  readonly listed: number
  readonly total: number
}

const MAX_LIMIT = 10_000

/** Adds `--limit` and `--skip`, and how to print. */
export function pageOptions(command: Command, limit = 50): Command {
  return rowFormatOptions(pageBounds(command, limit))
}

/** Adds `--limit` and `--skip`, which every list has. */
export function pageBounds(command: Command, limit = 50): Command {
  return command
    .option(
      '--limit <count>',
      `show at most this many, up to ${MAX_LIMIT}`,
      wholeNumberFrom(1, MAX_LIMIT),
      limit,
    )
    .option('--skip <count>', 'skip this many first', wholeNumberFrom(0, 999_999_999), 0)
}

function wholeNumberFrom(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}`)
  }
}

/** Which rows of how many are shown, and the options of the next page; null when all are shown. */
export function pageNote({ listed, total, skip, limit }: ListedOf): string | null {
  if (skip === 0 && listed >= total) return null
  if (listed === 0) return `none: --skip ${skip} skips all ${formatCount(total)}`
  const range = `${formatCount(skip + 1)} to ${formatCount(skip + listed)} of ${formatCount(total)}`
  const isLast = skip + listed >= total
  const next = `--limit ${limit} --skip ${skip + listed}`
  return isLast ? `${range}: the last page` : `${range}: continue with ${next}`
}

/** A note that ids between the shown ones are missing, with the reason; null when none is missing. */
export function gapNote(ids: readonly number[], why: string): string | null {
  const known = new Set(ids)
  const [first, last] = [Math.min(...known), Math.max(...known)]
  return known.size === 0 || last - first + 1 === known.size ? null : `numbers are missing: ${why}`
}

/**
 * Prints one page of a list: the table and its notes. With `--json` or `--csv` it prints only the rows on standard output; the
 * note goes to standard error, so that no program reads it as a row.
 */
export function printPage(
  page: ListedOf & {
    readonly format: RowFormat
    readonly jsonLines: () => readonly string[]
    readonly table: () => string
    readonly whenEmpty: string
    /** More notes under the table; nulls are skipped. */
    readonly notes?: readonly (string | null)[]
  },
): void {
  const note = pageNote(page)
  const { format, jsonLines, table, whenEmpty, notes = [] } = page
  if (page.listed > 0) printRows(format, { jsonLines, text: table })
  if (format.json || format.csv) {
    if (note !== null) console.error(note)
    return
  }
  if (page.total === 0) console.log(whenEmpty)
  for (const each of [note, ...notes]) if (each !== null) console.log(each)
}
