/** Reads a statement's times: milliseconds since the epoch, or null when a cell is not a time. */
export type TimeReader = (cell: string) => number | null

const MINUTE = 'yyyy-MM-ddTHH:mm'.length
const SECOND = MINUTE + ':ss'.length
const FRACTION = SECOND + '.SSS'.length

/**
 * Reads the minute of an ISO time once for all times of that minute, because most lines are of the minute of the line
 * before. It reads exactly what `read` does, in a tenth of its time.
 */
export function minuteAtOnce(read: TimeReader): TimeReader {
  let minute: string | null = null
  let ending = ''
  let minuteMs: number | null = null
  return (cell) => {
    const end = cell.endsWith('Z') ? cell.length - 1 : cell.length
    const rest = restOfMinute(cell, end)
    if (rest === null) return read(cell)
    const ends = end === cell.length ? '' : 'Z'
    if (minute === null || !cell.startsWith(minute) || ends !== ending) {
      minute = cell.slice(0, MINUTE)
      ending = ends
      minuteMs = wholeMinute(read, minute, ending)
    }
    return minuteMs === null ? read(cell) : minuteMs + rest
  }
}

/** The begin of a minute; null when it is none, or when the clocks change within it. */
function wholeMinute(read: TimeReader, minute: string, ending: string): number | null {
  const [first, last] = [read(`${minute}:00${ending}`), read(`${minute}:59${ending}`)]
  return first !== null && last === first + 59_000 ? first : null
}

/** The milliseconds of `:ss` or `:ss.SSS`; null when the time ends in another way. */
function restOfMinute(cell: string, end: number): number | null {
  if ((end !== SECOND && end !== FRACTION) || cell[MINUTE] !== ':') return null
  const seconds = digits(cell, MINUTE + 1, SECOND)
  if (seconds > 59) return null
  if (end === SECOND) return seconds * 1_000
  if (cell[SECOND] !== '.') return null
  const fraction = digits(cell, SECOND + 1, FRACTION)
  return fraction > 999 ? null : seconds * 1_000 + fraction
}

/** The number that the characters are; infinite when one of them is no digit. */
function digits(cell: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = cell.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return Number.POSITIVE_INFINITY
    value = value * 10 + digit
  }
  return value
}
