import type { Period } from '../../core/business-days.ts'
import { dayOf, startOfDay } from '../../core/business-days.ts'
import {
  formatDecimal,
  formatMoney,
  formatTime,
  formatWeight,
  NOTHING,
  type ShownZone,
} from '../../core/format.ts'

/** How a report prints periods and figures. Times and numbers have the format of every command. */

/** Prints whole days of Jakarta as days, anything else as times. */
export function formatSpan({ from, to }: Period, zone: ShownZone): string {
  if (!isMidnight(from) || !isMidnight(to)) return `${formatTime(from, zone)} to ${formatTime(to, zone)}`
  const [first, last] = [dayOf(from), dayOf(new Date(to.getTime() - 1))]
  return first === last ? first : `${first} to ${last}`
}

const isMidnight = (moment: Date) => startOfDay(dayOf(moment))?.getTime() === moment.getTime()

/** A figure with its unit: digits as Postgres prints them, or null when it is unknown. */
export interface Figure {
  readonly is: 'id' | 'count' | 'rupiah' | 'grams' | 'weight' | 'percent'
  readonly digits: string | null
}
/** A number that identifies something. */
export const id = (value: number): Figure => ({ is: 'id', digits: String(value) })
export const count = (value: number | null): Figure => ({
  is: 'count',
  digits: value === null ? null : String(value),
})
export const rupiah = (digits: string | null): Figure => ({ is: 'rupiah', digits })
export const grams = (digits: string | null): Figure => ({ is: 'grams', digits })
/** Grams where no heading names the unit. */
export const weight = (digits: string): Figure => ({ is: 'weight', digits })
export const percent = (digits: string): Figure => ({ is: 'percent', digits })

/** Prints a figure for a terminal and for a page. */
export function formatFigure({ is, digits }: Figure): string {
  if (digits === null) return NOTHING
  switch (is) {
    case 'rupiah':
      return formatMoney(digits)
    case 'percent':
      return `${formatDecimal(digits)} %`
    case 'weight':
      return formatWeight(digits)
    case 'id':
      return digits
    case 'count':
    case 'grams':
      return formatDecimal(digits)
  }
}
