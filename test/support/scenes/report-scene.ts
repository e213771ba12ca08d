import { randomUUID } from 'node:crypto'
import type { Period } from '../../../src/core/business-days.ts'
import type { Rupiah } from '../../../src/core/money.ts'
import {
  approveWriteOff,
  assignBreak,
  noteOnBreak,
  proposeWriteOff,
} from '../../../src/reconciliation/break-commands.ts'
import type { BreakType } from '../../../src/reconciliation/enums.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../factories/recorded-orders.ts'
import { inSession } from '../servers/sessions.ts'
import { unnamed } from '../unnamed.ts'
import { openScene, type Scene } from './recon-scene.ts'
import { resolveByTwoPeople } from './two-people.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const nextDay = (moment: Date) => new Date(moment.getTime() + DAY_MS)

const nextOf = ({ from, to }: Period): Period => ({ from: nextDay(from), to: nextDay(to) })
const noonOf = ({ from }: Period) => new Date(from.getTime() + 12 * HOUR_MS)

export const NEXT_DAY = nextOf(DAY)
/** The session_id of an order whose line equals it; docs/reconciliation.md asks for it. */
export const KNOWN_SESSION = '764FC70DD96B9E07713D95A9AD004702'

const wallet = (number: number) => `0812345001${String(number).padStart(2, '0')}`
const noIds = { sessionId: null, responseId: null, requestId: null }

/**
 * Two days, three runs, and something of everything that a report tells: the first day, 2026-02-09 unless told
 * otherwise, has a complete statement, the second an incomplete one.
 */
export async function openReportScene(day: Period = DAY) {
  const scene = await openScene()
  const orders = ordersOfTheScene(day)
  const { unknownAtFirst, ...recorded } = orders
  await recordOrders(scene.databaseUrl, Object.values(recorded))
  // The statement lacks one of our transactions, so its silence proves nothing.
  await resolveByTwoPeople(scene.databaseUrl, orders.doubtNotExecuted.orderId)
  const first = await recordStatement(scene.databaseUrl, linesOfTheFirstDay(orders), { period: day })
  await scene.run()
  await recordOrders(scene.databaseUrl, [unknownAtFirst])
  // What is within the tolerance of the second run is found again by the third.
  await scene.run({
    settings: { tolerance: { fee: 10 as Rupiah, amount: 0 as Rupiah, goldWeight: 0 as never } },
  })
  await workOfPeople(scene)
  const second = await recordStatement(scene.databaseUrl, [lineOf(orders.nextDays, { fee: null })], {
    period: nextOf(day),
    complete: false,
  })
  await scene.run()
  await ageBreak(scene, 'amount_differs', 2)
  await ageBreak(scene, 'missing_at_gateway', 5)
  return { ...scene, orders, statements: { first, second } }
}

export type ReportScene = Awaited<ReturnType<typeof openReportScene>>

const ordersOfTheScene = (day: Period) => {
  const [intentAt, nextNoon] = [noonOf(day), noonOf(nextOf(day))]
  const doubt = { intentAt, outcome: 'in_doubt', sessionId: null, responseId: null } as const
  return {
    equal: aRecordedOrder({ intentAt, sessionId: KNOWN_SESSION, phoneNumber: wallet(1) }),
    bySell: aRecordedOrder({ intentAt, kind: 'sell', sessionId: null, phoneNumber: wallet(2) }),
    byTerms: aRecordedOrder({ intentAt, kind: 'sell', sessionId: null, phoneNumber: wallet(3) }),
    otherAmount: aRecordedOrder({ intentAt, phoneNumber: wallet(4) }),
    otherFee: aRecordedOrder({ intentAt, phoneNumber: wallet(5) }),
    otherWeight: aRecordedOrder({ intentAt, phoneNumber: wallet(6) }),
    missing: aRecordedOrder({ intentAt, phoneNumber: wallet(7) }),
    unknownAtFirst: aRecordedOrder({ intentAt, phoneNumber: wallet(8) }),
    doubtExecuted: aRecordedOrder({ ...doubt, phoneNumber: wallet(9) }),
    doubtNotExecuted: aRecordedOrder({ ...doubt, phoneNumber: wallet(10) }),
    doubtUnclear: aRecordedOrder({ ...doubt, phoneNumber: wallet(11) }),
    doubtWaiting: aRecordedOrder({
      ...doubt,
      kind: 'withdraw',
      goldWeight: '2.0000',
      quotedAmount: null,
      phoneNumber: wallet(12),
      intentAt: nextNoon,
    }),
    notYetThere: aRecordedOrder({ kind: 'sell', phoneNumber: wallet(14), intentAt: nextNoon }),
    nextDays: aRecordedOrder({ kind: 'transfer', phoneNumber: wallet(13), intentAt: nextNoon }),
  }
}
type Orders = ReturnType<typeof ordersOfTheScene>

const linesOfTheFirstDay = (orders: Orders) => [
  lineOf(orders.equal),
  lineOf(orders.bySell, { sessionId: 'SELL' }),
  lineOf(orders.byTerms, noIds),
  lineOf(orders.otherAmount, { amount: 441_010 }),
  lineOf(orders.otherFee, { fee: 4_995 }),
  lineOf(orders.otherWeight, { goldWeight: '0.5001' }),
  lineOf(orders.unknownAtFirst),
  lineOf(orders.doubtExecuted, { sessionId: 'FOUND', responseId: 'FOUND' }),
  lineOf(orders.doubtUnclear, {
    sessionId: 'UNCLEAR',
    requestId: 'other',
    amount: 500_000,
    goldWeight: '0.6000',
  }),
]

/** The id of the break of a type; the scene has one of each. */
export async function breakOf({ database }: Pick<Scene, 'database'>, type: BreakType): Promise<number> {
  const [row] = await rowsOf<{ id: number }>(
    database,
    `SELECT id FROM breaks WHERE type = '${type}' AND state = 'open'`,
  )
  if (row === undefined) throw new Error(`no open break ${type}`)
  return row.id
}

async function workOfPeople(scene: Scene): Promise<void> {
  const amount = await breakOf(scene, 'amount_differs')
  const weight = await breakOf(scene, 'weight_differs')
  await inSession(scene.databaseUrl, async (session) => {
    await assignBreak(session, amount, { by: 'ani', to: 'ani' })
    await noteOnBreak(session, amount, { by: 'ani', note: 'asked the gateway' })
    await proposeWriteOff(session, weight, { by: 'ani', note: 'a rounding of the gateway' })
    await approveWriteOff(session, weight, { by: 'budi', note: 'agreed' }, false)
  })
}

/** Makes a break as old as if it had been found days ago, and due one day after that: past the trigger that refuses it. */
async function ageBreak({ databaseUrl }: Scene, type: BreakType, days: number): Promise<void> {
  await inSession(databaseUrl, (session) =>
    session.client.query(
      `BEGIN; SET LOCAL session_replication_role = replica;
       UPDATE breaks SET opened_at = now() - interval '${days} days', due_at = now() - interval '${days - 1} days'
       WHERE type = '${type}' AND state = 'open'; COMMIT`,
    ),
  )
}

/** A statement under names of the test's choice, with lines that could not be read and none that could. */
export async function nameStatement(
  { database }: Pick<Scene, 'database'>,
  { source, fileName, period }: { source: string; fileName: string; period: { from: Date; to: Date } },
): Promise<void> {
  await database.run(
    unnamed(`
        INSERT INTO statements (id, source, period_from, period_to, complete, content_hash, mapping_name,
          mapping_version, file_name, line_count, bad_line_count, imported_by)
        VALUES ((SELECT coalesce(max(id), 0) + 1000000 FROM statements), $1, $2, $3, false, $4, 'sandbox', 1, $5, 0, 3, 'test')`),
    [source, period.from, period.to, randomUUID(), fileName],
  )
}
