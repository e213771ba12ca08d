import { timeExpression, timeReader } from '../times.ts'

const DATES = [
  ...[
    'dd/MM/yyyy',
    'MM/dd/yyyy',
    'dd-MM-yyyy',
    'MM-dd-yyyy',
    'dd.MM.yyyy',
    'yyyy/MM/dd',
    'yyyy-MM-dd',
    'yyyyMMdd',
  ],
  ...[
    'dd MMM yyyy',
    'dd-MMM-yyyy',
    'MMM dd, yyyy',
    'EEEE, dd MMMM yyyy',
    'EEE dd/MM/yyyy',
    'dd/MM/yy',
    'MM/dd/yy',
    'dd-MM-yy',
  ],
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

interface CompiledPattern extends PossibleDates {
  readonly expression: RegExp
}

/** Thousands of expressions, which are compiled when the first file needs them. */
let compiled: readonly CompiledPattern[] | null = null
function compiledPatterns(): readonly CompiledPattern[] {
  compiled ??= [...patterns()].map((pattern) => ({ ...pattern, expression: timeExpression(pattern) }))
  return compiled
}

/** The zone is only told of, so that a pattern for Jakarta reads all. */
const TIME_ZONE = 'Asia/Jakarta'
/** Cells that are tried with every pattern. */
const TRIED_CELLS = 20

/**
 * The patterns that read the most cells, and nearly all. Patterns that read the same times are one.
 * @param share of the cells that must be times: there may be bad lines, and totals below the lines
 * @returns none: the cells are no times, or no pattern is known for them; several: day and month cannot be told apart
 */
export function possibleDates(cells: readonly string[], share: number): readonly PossibleDates[] {
  const step = Math.max(1, Math.floor(cells.length / TRIED_CELLS))
  const tried = cells.filter((_, at) => at % step === 0)
  const readings = compiledPatterns()
    .filter(({ expression }) => tried.filter((cell) => expression.test(cell)).length >= tried.length * share)
    .map((pattern) => {
      const times = cells.map(timeReader({ dates: pattern.dates, time_zone: TIME_ZONE }))
      return { pattern, times: times.join(' '), count: times.filter((time) => time !== null).length }
    })
  const most = Math.max(...readings.map(({ count }) => count))
  if (cells.length === 0 || most < cells.length * share) return []
  const found = new Map<string, PossibleDates>()
  for (const { pattern, times, count } of readings)
    if (count === most && !found.has(times)) found.set(times, withFacts(pattern, cells))
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
  return (
    cells.length > 0 &&
    cells.every((cell) => /^\d{1,2}[:.]\d{2}([:.]\d{2})?( ?[ap]m| ?WI(B|TA|T))?$/i.test(cell))
  )
}
