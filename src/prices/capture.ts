import { gte, sql } from 'drizzle-orm'
import { wallClockOf } from '../core/time-zone.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { rows, statement } from '../postgres/statement.ts'
import { dayOfChart } from './chart-day.ts'
import { prices, SIDES, type Side } from './schema.ts'

export type { Side } from './schema.ts'

/** The gateway's chart of one side: days and rupiah per gram, or why it could not be read. */
export type ChartAnswer =
  | { readonly is: 'answered'; readonly data: readonly { readonly date: string; readonly value: number }[] }
  | { readonly is: 'refused' | 'trouble'; readonly message: string }

export interface CaptureDeps {
  readonly now: Date
  chart(side: Side): Promise<ChartAnswer>
}

/** The result of capturing one side. */
export type Captured =
  | { readonly is: 'captured'; readonly side: Side; readonly days: number }
  | { readonly is: 'failed'; readonly side: Side; readonly message: string }

/** The gateway's days are in Jakarta time: its replies carry that offset. */
const GATEWAY_ZONE = 'Asia/Jakarta'

const selectCapturedSides = statement('find_captured_sides', { since: prices.capturedAt }, (db, { since }) =>
  db.selectDistinct({ side: prices.side }).from(prices).where(gte(prices.capturedAt, since)),
)

const insertPrices = statement(
  'insert_prices',
  {
    side: prices.side,
    captured: rows({ day: prices.day, price: prices.rupiahPerGram }),
    now: prices.capturedAt,
  },
  (db, { side, captured, now }) =>
    db
      .insert(prices)
      .select(sql`select ${side}, ${captured.day}, ${captured.price}, ${now} from ${captured}`)
      .onConflictDoNothing({ target: [prices.side, prices.day] })
      .returning({ day: prices.day }),
)

/**
 * Captures the charts of the sides that were not captured today. Earlier days of the chart are stored where they are
 * missing, so a day without a scheduler leaves no gap. A stored price is never replaced.
 */
export async function capturePrices(runner: StatementRunner, deps: CaptureDeps): Promise<Captured[]> {
  const clock = wallClockOf(GATEWAY_ZONE)
  const today = Math.floor(clock.localOf(deps.now) / 86_400_000) * 86_400_000
  const known = await selectCapturedSides(runner, { since: clock.momentOf(today) })
  const missing = SIDES.filter((side) => known.every((row) => row.side !== side))
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
  const captured = answer.data.flatMap(({ date, value }) => {
    const day = dayOfChart(date)
    return day === null || !isPrice(value) ? [] : [{ day, price: BigInt(value) }]
  })
  if (captured.length < answer.data.length) return failed('the chart has a date or a price that is not valid')
  const inserted = await insertPrices(runner, { side, captured, now })
  return { is: 'captured', side, days: inserted.length }
}

const isPrice = (value: number) => Number.isSafeInteger(value) && value > 0
