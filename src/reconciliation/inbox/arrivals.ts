import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Period, parsePeriod } from '../../core/business-days.ts'
import { readPlainText } from '../../core/plain-text.ts'

/** A file of the inbox that is ready to be imported. */
export interface Arrival {
  /** Whose statement it is: the name of its folder. */
  readonly source: string
  readonly folder: string
  readonly fileName: string
  /** As the file's name says it, such as `2026-02-09.csv` or `bank 2026-02-01..2026-02-28.csv.gz`; null when it says none. */
  readonly period: Period | null
}

/** A file that was written less long ago may still be written to. */
export const SETTLE_MS = 10_000

/** Names under which programs write a file before they give it its own, and of Excel's marks of open workbooks. */
const UNFINISHED = /^\.|^~\$|~$|\.(?:part|partial|tmp|filepart|crdownload)$/i
const PERIOD = /20\d\d-\d\d-\d\d(?:\.\.20\d\d-\d\d-\d\d)?/

/**
 * The files of an inbox in the order of their names: a folder for each source, and its statements in it. Links are left out.
 * @throws NodeJS.ErrnoException when the inbox cannot be read
 */
export async function findArrivals(inbox: string, nowMs: number): Promise<Arrival[]> {
  const arrivals: Arrival[] = []
  for (const source of await namesIn(inbox, 'isDirectory')) {
    if (source.startsWith('.') || readPlainText(source, 100) !== source) continue
    const folder = join(inbox, source)
    for (const fileName of await namesIn(folder, 'isFile'))
      if (!UNFINISHED.test(fileName) && (await hasSettled(join(folder, fileName), nowMs)))
        arrivals.push({ source, folder, fileName, period: periodIn(fileName, nowMs) })
  }
  return arrivals
}

async function namesIn(folder: string, is: 'isDirectory' | 'isFile'): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry[is]())
    .map(({ name }) => name)
    .sort()
}

async function hasSettled(path: string, nowMs: number): Promise<boolean> {
  // Another process may have taken it meanwhile.
  const about = await stat(path).catch(() => null)
  return about !== null && about.mtimeMs <= nowMs - SETTLE_MS
}

function periodIn(fileName: string, nowMs: number): Period | null {
  const [period] = PERIOD.exec(fileName) ?? []
  return period === undefined ? null : parsePeriod(period, new Date(nowMs))
}
