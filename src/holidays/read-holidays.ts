import type { Readable } from 'node:stream'
import { startOfDay } from '../core/business-days.ts'
import { plainTextExpected, readPlainText } from '../core/plain-text.ts'
import { rowShape, withoutEmptyEnd } from '../csv/columns.ts'
import { type FileRecord, readRecords } from '../csv/records.ts'
import type { Holiday } from './calendar.ts'

const MOST_NAME = 80
const MOST_SOURCE = 200
/** A table with more would leave plans few business days to move to. */
const MOST_A_YEAR = 100
const MOST_PROBLEMS = 20
const HEADERS = ['date,name', 'date,name,source']

/** The holidays of a file, by day, or every problem that it has. */
export type ReadHolidays =
  | { readonly is: 'read'; readonly holidays: readonly Holiday[] }
  | { readonly is: 'refused'; readonly problems: readonly string[] }

/**
 * Reads a file of holidays: CSV in UTF-8 with the columns date, name and, if it likes, source.
 * @throws FileRefused when it is not CSV
 */
export async function readHolidays(bytes: Readable): Promise<ReadHolidays> {
  const records: FileRecord[] = []
  for await (const some of readRecords(bytes, { delimiter: ',', encoding: 'utf-8' }).read()) {
    records.push(...some)
    if (records.length > 100 * MOST_A_YEAR)
      return refused(['the file is too long: propose it a year at a time'])
  }
  const [header, ...lines] = records
  const columns = withoutEmptyEnd(header?.cells ?? []).map((cell) => cell.trim().toLowerCase())
  if (!HEADERS.includes(String(columns))) return refused([`line 1: must be ${HEADERS.join(' or ')}`])
  return checked(lines.map((line) => readLine(line, columns)))
}

const refused = (problems: readonly string[]): ReadHolidays => ({
  is: 'refused',
  problems: problems.slice(0, MOST_PROBLEMS),
})

interface Line {
  readonly lineNumber: number
  readonly holiday: Holiday
  readonly problems: readonly string[]
}

function readLine({ cells, lineNumber }: FileRecord, columns: readonly string[]): Line {
  const [written = '', ...texts] = cells
  const day = written.trim()
  const name = readPlainText(texts[0], MOST_NAME)
  const hasSource = columns.length > 2 && (texts[1] ?? '').trim() !== ''
  const source = hasSource ? readPlainText(texts[1], MOST_SOURCE) : null
  const problems = [
    ...(startOfDay(day) === null ? ['date must be a day such as 2026-03-19'] : []),
    ...(name === null ? [`name ${plainTextExpected(MOST_NAME)}`] : []),
    ...(hasSource && source === null ? [`source ${plainTextExpected(MOST_SOURCE)}`] : []),
    ...(rowShape(cells, columns).is === 'unnamed' ? ['has more cells than the header'] : []),
  ]
  return { lineNumber, holiday: { day, name: name ?? '', source }, problems }
}

/** Every problem of the lines by themselves and together. */
function checked(lines: readonly Line[]): ReadHolidays {
  const lineOf = new Map<string, number>()
  const perYear = new Map<string, number>()
  const problems = lines.flatMap(({ lineNumber, holiday: { day }, problems: own }) => {
    const before = lineOf.get(day)
    lineOf.set(day, before ?? lineNumber)
    perYear.set(day.slice(0, 4), (perYear.get(day.slice(0, 4)) ?? 0) + 1)
    const repeated = before === undefined ? [] : [`the date stands in line ${before} already`]
    return [...own, ...repeated].map((problem) => `line ${lineNumber}: ${problem}`)
  })
  if (problems.length > 0) return refused(problems)
  if (lines.length === 0) return refused(['the file has no holidays'])
  const full = [...perYear].find(([, count]) => count > MOST_A_YEAR)
  if (full !== undefined)
    return refused([`${full[0]} has ${full[1]} holidays: a year may have ${MOST_A_YEAR}`])
  const holidays = lines.map(({ holiday }) => holiday)
  return { is: 'read', holidays: holidays.sort((a, b) => (a.day < b.day ? -1 : 1)) }
}
