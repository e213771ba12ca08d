import { describe, expect, it } from 'vitest'
import { shiftOf } from '../../../src/reconciliation/statements/shift.ts'
import { timeSpanReader } from '../../../src/reconciliation/statements/time-span.ts'
import { timeReader } from '../../../src/reconciliation/statements/times.ts'
import { aRecordedOrder, lineOf, NOON, recordOrders } from '../../support/factories/recorded-orders.ts'
import { csvOf, importText } from '../../support/factories/statement-files.ts'
import { openScene } from '../../support/scenes/recon-scene.ts'
import { inSession } from '../../support/servers/sessions.ts'

const HOUR = 3_600_000
const at = (sent: number, shift: number) => ({ sent, replied: sent + 900, line: sent + 500 + shift })

describe('shiftOf', () => {
  it.each<[string, ReturnType<typeof at>[], number | null]>([
    ['nothing', [], null],
    ['times that fit', [at(0, 0), at(HOUR, 1_000)], null],
    ['seven hours early', [at(0, -7 * HOUR), at(HOUR, -7 * HOUR)], -420],
    ['one hour late, twice', [at(0, HOUR), at(HOUR, HOUR)], 60],
    ['one hour late, once: it may be late', [at(0, HOUR)], null],
    ['seven hours late, once', [at(0, 7 * HOUR)], 420],
    ['one of two', [at(0, -7 * HOUR), at(HOUR, 0)], null],
    ['two shifts', [at(0, -7 * HOUR), at(HOUR, -8 * HOUR)], null],
    ['seven minutes, which are no zone', [at(0, 7 * 60_000 + 30_000), at(HOUR, 7 * 60_000 + 30_000)], null],
  ])('%s', (_what, times, shift) => {
    expect(shiftOf(times)).toBe(shift)
  })
})

describe('timeSpanReader', () => {
  const DAY = 24 * HOUR
  it.each<[string, string, number | null]>([
    ['iso', '2026-02-09', DAY],
    ['iso', '2026-02-09 00:00:00', DAY],
    ['iso', '2026-02-09T00:00:00.000Z', DAY],
    ['iso', '2026-02-09T00:00:01Z', null],
    ['iso', '2026-02-09 10:00', null],
    ['dd/MM/yyyy', '09/02/2026', DAY],
    ['dd MMM yyyy', '09 Agu 2026', DAY],
    ['d MMMM yy', '9 Agustus 26', DAY],
    ['dd/MM/yyyy h:mm a', '09/02/2026 12:00 AM', DAY],
    ['dd/MM/yyyy h:mm a', '09/02/2026 12:00 PM', null],
    ['dd/MM/yyyy HH:mm', '09/02/2026 10:00', null],
    ['dd/MM/yyyy HH:mm', '09/02/2026 00:00', DAY],
    ['dd MMM yyyy HH:mm', '09 Agu 2026 00:00', DAY],
    ['dd MMM yyyy HH:mm', '09 Agu 2026 00:01', null],
  ])('%s: %s', (dates, cell, span) => {
    const ms = timeReader({ dates, time_zone: 'Asia/Jakarta' })(cell)
    expect(timeSpanReader({ dates })(cell, ms ?? Number.NaN)).toBe(span)
  })
})

it('a statement whose known lines are all shifted by the same hours is refused, and says which zone it is of', async () => {
  const scene = await openScene()
  try {
    const orders = [aRecordedOrder(), aRecordedOrder({ intentAt: new Date(NOON.getTime() + HOUR) })]
    await recordOrders(scene.databaseUrl, orders)
    const file = csvOf(
      orders.map((order) => lineOf(order, { executedAt: new Date(order.intentAt.getTime() - 4 * HOUR) })),
    )
    await expect(inSession(scene.databaseUrl, (session) => importText(session, file))).rejects.toThrow(
      /all 2 lines .* are 4 hours earlier than their orders: the times seem to be of UTC\+03:00, and mapping sandbox reads them as Asia\/Jakarta/,
    )
  } finally {
    await scene.close()
  }
})
