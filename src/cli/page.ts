import { type Command, InvalidArgumentError } from 'commander'
import { formatCount } from '../core/format.ts'

/** Which part of a list is asked for. */
export interface PageOptions {
  readonly limit: number
  readonly skip: number
}

/** What there is of a list beside what is shown of it. */
export interface ListedOf extends PageOptions {
  readonly listed: number
  readonly total: number
}

const MOST = 10_000

/** Adds the options by which every list is cut and gone on with. */
export function pageOptions(command: Command, limit = 50): Command {
  return command
    .option('--limit <count>', `at most so many, up to ${MOST}`, wholeNumberFrom(1, MOST), limit)
    .option('--skip <count>', 'leave out the first so many', wholeNumberFrom(0, 999_999_999), 0)
}

function wholeNumberFrom(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`)
  }
}

/** Of how many a list shows how many, and how to go on; null when it shows them all. */
export function pageNote({ listed, total, skip, limit }: ListedOf): string | null {
  if (skip === 0 && listed >= total) return null
  if (listed === 0) return `none: there are ${formatCount(total)}, and --skip ${skip} leaves them all out`
  const range = `${formatCount(skip + 1)} to ${formatCount(skip + listed)} of ${formatCount(total)}`
  const isLast = skip + listed >= total
  const next = `--limit ${limit} --skip ${skip + listed}`
  return isLast ? `${range}: the last` : `${range}: go on with ${next}`
}

/** A sentence for numbers that are missing between those that are shown; null when none is. */
export function gapNote(ids: readonly number[], why: string): string | null {
  const known = new Set(ids)
  const [first, last] = [Math.min(...known), Math.max(...known)]
  return known.size === 0 || last - first + 1 === known.size ? null : `numbers are missing: ${why}`
}

/**
 * Prints one page of a list: on a terminal the table and then what there is beside it; with `--json` the rows alone on
 * standard output, and the note on standard error, where no program takes it for a row.
 */
export function printPage(
  page: ListedOf & {
    readonly json: boolean
    readonly jsonLines: () => readonly string[]
    readonly table: () => string
    readonly whenEmpty: string
    /** More sentences under the table; null where there is nothing to say. */
    readonly notes?: readonly (string | null)[]
  },
): void {
  const note = pageNote(page)
  if (page.json) {
    for (const line of page.jsonLines()) console.log(line)
    if (note !== null) console.error(note)
    return
  }
  if (page.total === 0) console.log(page.whenEmpty)
  else if (page.listed > 0) console.log(page.table())
  for (const each of [note, ...(page.notes ?? [])]) if (each !== null) console.log(each)
}
