import { timeExpression, timeReader } from '../times.ts'

const DATES = [
  ...['dd/MM/yyyy', 'MM/dd/yyyy', 'dd-MM-yyyy', 'MM-dd-yyyy', 'dd.MM.yyyy', 'yyyy/MM/dd', 'yyyy-MM-dd', 'yyyyMMdd'],
  ...['dd MMM yyyy', 'dd-MMM-yyyy', 'MMM dd, yyyy', 'EEEE, dd MMMM yyyy', 'EEE dd/MM/yyyy', 'dd/MM/yy', 'MM/dd/yy', 'dd-MM-yy'],
  ...['dd MMM yy', 'dd-MMM-yy'],
]
const CLOCKS = ['HH:mm:ss', 'HH:mm', 'HH.mm.ss', 'HH.mm', 'hh:mm:ss a', 'hh:mm a', 'HH:mm:ss.SSS', 'HHmmss']
const BETWEEN = [' ', ', ', ' - ', 'T']
const ZONES = ['', ' WIB', ' WITA', ' WIT', ' z', 'z']

/** A way to read times. */
export interface PossibleDates {
  readonly dates: string
  readonly hasClock: boolean
  readonly hasZone: boolean
}

/** The patterns that are tried, the plainest first. */
function* patterns(): Generator<PossibleDates> {
  yield { dates: 'iso', hasClock: true, hasZone: false }
  for (const date of DATES) {
    yield { dates: date, hasClock: false, hasZone: false }
    for (const clock of CLOCKS)
      for (const between of BETWEEN)
        for (const zone of ZONES)
          yield { dates: `${date}${between}${clock}${zone}`, hasClock: true, hasZone: zone !== '' }
  }
}

/** The zone is only told of, so that a pattern for Jakarta reads all. */
const TIME_ZONE = 'Asia/Jakarta'

/**
 * The patterns that read every cell. Patterns that read the same times are one.
 * @returns none: no pattern reads all of them; several: day and month cannot be told apart
 */
export function possibleDates(cells: readonly string[]): readonly PossibleDates[] {
  const [first] = cells
  if (first === undefined) return []
  const found = new Map<string, PossibleDates>()
  for (const pattern of patterns()) {
    // A reader costs more than its expression.
    if (!timeExpression(pattern).test(first)) continue
    const read = timeReader({ dates: pattern.dates, time_zone: TIME_ZONE })
    const times = cells.map(read)
    if (times.includes(null)) continue
    const key = times.join(' ')
    if (!found.has(key)) found.set(key, withFacts(pattern, cells))
  }
  return [...found.values()]
}

/** ISO times may have a clock and a zone or not. */
function withFacts(pattern: PossibleDates, cells: readonly string[]): PossibleDates {
  if (pattern.dates !== 'iso') return pattern
  return {
    dates: 'iso',
    hasClock: cells.some((cell) => cell.length > 'yyyy-MM-dd'.length && !/T00:00:00(\.0+)?$/.test(cell)),
    hasZone: cells.every((cell) => /(Z|[+-]\d{2}:?\d{2})$/.test(cell.slice('yyyy-MM-dd'.length))),
  }
}

/** Whether cells are times of the day, without a date. */
export function areClockTimes(cells: readonly string[]): boolean {
  return cells.length > 0 && cells.every((cell) => /^\d{1,2}[:.]\d{2}([:.]\d{2})?( ?[ap]m| ?WI(B|TA|T))?$/i.test(cell))
}
