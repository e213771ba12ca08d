const DAY_MS = 86_400_000n
/** Day 0 of a workbook whose days count from 1900. The day before March 1900 is one that never was, so those are refused. */
const DAY_ZERO_MS = BigInt(Date.UTC(1899, 11, 30))
const DAYS_TO_1904 = 1_462n
const FIRST_DAY = 61n
/** The 31st of December 9999. */
const LAST_DAY = 2_958_465n

/** What a number with the format of a date stands for. Its times are of the wall clock: a workbook knows no zone. */
export type SerialDate =
  /** Milliseconds since 1970 as if the wall clock were UTC. */
  | { readonly is: 'date'; readonly ms: number }
  /** A time of day without a date: milliseconds since midnight. */
  | { readonly is: 'time_of_day'; readonly ms: number }

/**
 * Converts days since the workbook's day 0 to milliseconds, in whole numbers.
 * @param days plain digits, such as 46062.5
 * @returns null when there is no such day
 */
export function serialDate(days: string, from1904: boolean): SerialDate | null {
  const [whole = '', fraction = ''] = days.split('.')
  if (!/^\d{1,7}$/.test(whole)) return null
  const scale = 10n ** BigInt(fraction.length)
  const partMs = (BigInt(fraction === '' ? '0' : fraction) * DAY_MS * 2n + scale) / (scale * 2n)
  const day = BigInt(whole) + (from1904 ? DAYS_TO_1904 : 0n)
  if (BigInt(whole) === 0n && partMs < DAY_MS) return { is: 'time_of_day', ms: Number(partMs) }
  if (day < FIRST_DAY || day > LAST_DAY) return null
  return { is: 'date', ms: Number(DAY_ZERO_MS + day * DAY_MS + partMs) }
}
