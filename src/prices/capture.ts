import { wallClockOf } from '../core/time-zone.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { dayOfChart } from './chart-day.ts'

export const SIDES = ['buy', 'sell'] as const
/** `buy`: what a customer pays. `sell`: what a customer gets. */
export type Side = (typeof SIDES)[number]

/** The gateway's chart of one side: days and rupiah per gram, or why there is none. */
export type ChartAnswer =
  | { readonly is: 'answered'; readonly data: readonly { readonly date: string; readonly value: number }[] }
  | { readonly is: 'refused' | 'trouble'; readonly message: string }

export interface CaptureDeps {
  readonly now: Date
  chart(side: Side): Promise<ChartAnswer>
}

/** What became of one side's chart. */
export type Captured =
  | { readonly is: 'captured'; readonly side: Side; readonly days: number }
  | { readonly is: 'failed'; readonly side: Side; readonly message: string }

/** The gateway's days are Jakarta's: its replies carry that offset. */
const GATEWAY_ZONE = 'Asia/Jakarta'

const FIND_CAPTURED = {
  name: 'find_captured_sides',
  text: 'SELECT DISTINCT side FROM prices WHERE captured_at >= $1',
}

const INSERT_PRICES = {
  name: 'insert_prices',
  text: `
    INSERT INTO prices (side, day, rupiah_per_gram, captured_at)
    SELECT $1, x.day, x.rupiah_per_gram, $4 FROM unnest($2::date[], $3::bigint[]) AS x (day, rupiah_per_gram)
    ON CONFLICT (side, day) DO NOTHING RETURNING day`,
}

/**
 * Captures the charts of the sides that were not captured today. The days before today that the chart has are kept,
 * too, where they were not: a day without a scheduler leaves no gap. A price that is kept is never replaced.
 */
export async function capturePrices(runner: StatementRunner, deps: CaptureDeps): Promise<Captured[]> {
  const clock = wallClockOf(GATEWAY_ZONE)
  const today = Math.floor(clock.localOf(deps.now) / 86_400_000) * 86_400_000
  const rows = await runner.run<{ side: Side }>(FIND_CAPTURED, [clock.momentOf(today)])
  const missing = SIDES.filter((side) => rows.every((row) => row.side !== side))
  const captured: Captured[] = []
  for (const side of missing) captured.push(await captureSide(runner, side, deps))
  return captured
}

async function captureSide(
  runner: StatementRunner,
  side: Side,
  { now, chart }: CaptureDeps,
): Promise<Captured> {
  const failed = (message: string): Captured => ({ is: 'failed', side, message })
  const answer = await chart(side)
  if (answer.is !== 'answered') return failed(answer.message)
  const days = answer.data.map(({ date }) => dayOfChart(date))
  if (days.includes(null) || answer.data.some(({ value }) => value <= 0))
    return failed('the chart has a date or a price that is none')
  const values = answer.data.map(({ value }) => value)
  const inserted = await runner.run(INSERT_PRICES, [side, days, values, now])
  return { is: 'captured', side, days: inserted.length }
}
