import { formatRupiah } from './money.ts'
import { wallClockOf } from './time-zone.ts'

/**
 * Formats numbers and times for people: points between thousands, a decimal comma, times with their zone. JSON and CSV have
 * plain decimals and ISO times in UTC instead.
 */

/** The zone that people are shown times in. */
export type ShownZone = 'Asia/Jakarta' | 'UTC'

/** Shown for a figure that is unknown or does not apply. */
export const NOTHING = '–'

/** `2026-02-09T08:00:05+07:00`, or `2026-02-09T01:00:05Z`: a fraction of a second is cut off. */
export function formatTime(moment: Date, zone: ShownZone): string {
  const second = new Date(Math.floor(moment.getTime() / 1_000) * 1_000)
  if (zone === 'UTC') return `${second.toISOString().slice(0, 19)}Z`
  const clock = wallClockOf(zone)
  const local = new Date(clock.localOf(second)).toISOString().slice(0, 19)
  return `${local}${clock.format(second).slice(-'+07:00'.length)}`
}

/** A plain decimal as Indonesians read it: "1234.5000" is "1.234,5000". */
export function formatDecimal(digits: string): string {
  const [whole = '', decimals] = digits.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '.')
  return decimals === undefined ? grouped : `${grouped},${decimals}`
}

/** A number of things: "12.345". */
export function formatCount(count: number): string {
  return formatDecimal(String(count))
}

/** Grams as Postgres prints them, with their unit: "0,5000 g". */
export function formatWeight(digits: string): string {
  return `${formatDecimal(digits)} g`
}

/** Rupiah as Postgres prints them, with their sign of currency: "Rp 1.234.567". */
export function formatMoney(digits: string): string {
  return formatRupiah(BigInt(digits))
}
