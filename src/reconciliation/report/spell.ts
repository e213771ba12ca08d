import { formatRupiah } from '../../domain/money.ts'
import { dayOf, startOfDay } from '../days.ts'
import type { Period } from '../scope.ts'

/** How people read moments, spans and figures. Moments are Jakarta's, as days are. */

/** "2026-02-09 12:00" */
export function spellMoment(moment: Date): string {
  const clock = new Date(moment.getTime() + 7 * 3_600_000).toISOString().slice(11, 16)
  return `${dayOf(moment)} ${clock}`
}

/** Whole days as days, anything else by the minute. */
export function spellSpan({ from, to }: Period): string {
  if (!isMidnight(from) || !isMidnight(to)) return `${spellMoment(from)} to ${spellMoment(to)}`
  const [first, last] = [dayOf(from), dayOf(new Date(to.getTime() - 1))]
  return first === last ? first : `${first} to ${last}`
}

const isMidnight = (moment: Date) => startOfDay(dayOf(moment))?.getTime() === moment.getTime()

/** A figure with its unit: digits as Postgres prints them, or null when it is unknown. */
export interface Figure {
  readonly is: 'id' | 'count' | 'rupiah' | 'grams' | 'weight' | 'percent'
  readonly digits: string | null
}
/** A number that names something. */
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

/** What stands where a figure is unknown or does not apply. */
export const NOTHING = '–'

/** Rupiah as Indonesians read them; grams and shares with the decimal point that every command prints. */
export function spellFigure({ is, digits }: Figure): string {
  if (digits === null) return NOTHING
  switch (is) {
    case 'rupiah':
      return formatRupiah(BigInt(digits))
    case 'percent':
      return `${digits} %`
    case 'weight':
      return `${digits} g`
    case 'id':
    case 'count':
    case 'grams':
      return digits
  }
}

/** Everything as Indonesians read it, with points between thousands and a decimal comma. */
export function spellFigureInIndonesian(figure: Figure): string {
  const { is, digits } = figure
  if (digits === null || is === 'rupiah' || is === 'id') return spellFigure(figure)
  const [whole = '', decimals] = digits.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '.')
  const number = decimals === undefined ? grouped : `${grouped},${decimals}`
  return is === 'percent' ? `${number} %` : is === 'weight' ? `${number} g` : number
}
