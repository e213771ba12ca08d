import { describe, expect, it } from 'vitest'
import { dayOf, startOfDay } from '../../src/core/business-days.ts'
import { readText } from '../ground/tables.ts'
import { rowsOf } from '../support/factories/recorded-orders.ts'
import { breakOf, KNOWN_SESSION, openReportScene, type ReportScene } from '../support/scenes/report-scene.ts'

const DAY_MS = 86_400_000

const PAGE = readText('docs/reconciliation.md')
const QUESTIONS = PAGE.slice(PAGE.indexOf('\n## Ten questions'))
  .split('\n### ')
  .slice(1)
  .map((part) => ({ title: part.split('\n')[0] ?? '', query: /```sql\n([\s\S]*?)```/.exec(part)?.[1] ?? '' }))

/** Midnight of the day before yesterday: the scene's second day is yesterday. */
function firstDay() {
  const from = startOfDay(dayOf(new Date(Date.now() - 2 * DAY_MS)))
  if (from === null) throw new Error('no such day')
  return { from, to: new Date(from.getTime() + DAY_MS) }
}

/** What each query answers about the scene, in the page's order. */
const ANSWERS: readonly ((scene: ReportScene) => unknown[] | Promise<unknown[]>)[] = [
  async (scene) => [
    {
      break_id: await breakOf(scene, 'missing_at_gateway'),
      partner: 'acme',
      reference: scene.orders.missing.orderId,
      session_id: scene.orders.missing.sessionId,
      amount: '441000',
    },
  ],
  async (scene) => [
    {
      statement_id: scene.statements.first,
      line_number: 10,
      session_id: 'UNCLEAR',
      amount: '500000',
      break_id: await breakOf(scene, 'missing_here'),
    },
  ],
  ({ orders }) => [
    { reference: orders.doubtUnclear.orderId, rupiah_at_risk: '441000', stays_because: 'candidate_unclear' },
    { reference: orders.doubtWaiting.orderId, grams_at_risk: '2.0000', stays_because: 'awaiting_statement' },
  ],
  () => [
    { type: 'missing_at_gateway', owner: 'nobody', rupiah_at_risk: '441000' },
    { type: 'amount_differs', owner: 'ani', rupiah_at_risk: '10' },
  ],
  () => [
    { kind: 'sell', our_count: '1', their_count: '0', grams: '0.5000', rupiah: '441000', agree: false },
    { kind: 'transfer', our_count: '1', their_count: '1', rupiah: '0', fees: null, agree: true },
  ],
  () => [{ source: 'gateway', day: dayOf(new Date(Date.now() - DAY_MS)) }],
  () => [
    {
      actor: 'person:test',
      matched: { session_id: 1 },
      settled: { succeeded: 0, rejected: 0 },
      reopened: 1,
      explained: 0,
      open_breaks: 4,
    },
  ],
  () => [
    {
      type: 'weight_differs',
      actor: 'person:budi',
      reason: 'written_off',
      note: 'agreed (proposed by ani: a rounding of the gateway)',
    },
    { type: 'weight_differs', actor: 'person:ani', reason: 'proposed', note: 'a rounding of the gateway' },
    { type: 'amount_differs', actor: 'person:ani', reason: 'noted', note: 'asked the gateway' },
    {
      type: 'amount_differs',
      actor: 'person:ani',
      reason: 'assigned',
      owner: 'ani',
      break_id: expect.any(Number),
    },
  ],
  ({ orders, statements }) => [
    {
      partner: 'acme',
      reference: orders.equal.orderId,
      rule: 'session_id',
      source: 'gateway',
      file_name: 'test.csv',
      statement_id: statements.first,
      line_number: 2,
    },
  ],
  () => [
    {
      open_breaks: '4',
      overdue_breaks: '2',
      in_doubt: '2',
      rupiah_in_breaks: '941015',
      rupiah_in_doubt: '441000',
      rupiah_at_most: '1382015',
      grams_at_most: '3.1000',
    },
  ],
]

it('there are ten, each with one query, and the page asks for the order that the scene knows', () => {
  expect(QUESTIONS.map(({ title }) => title.split('.')[0])).toEqual(
    Array.from({ length: 10 }, (_, position) => String(position + 1)),
  )
  expect(QUESTIONS.every(({ query }) => /^(SELECT|WITH)[\s\S]*;\n$/.test(query))).toBe(true)
  expect(PAGE.match(/```sql\n/g)).toHaveLength(10)
  expect(QUESTIONS[8]?.query).toContain(KNOWN_SESSION)
  expect(ANSWERS).toHaveLength(10)
})

// Once more, for "yesterday" is another day when midnight passes in the middle.
describe('the page answers', { retry: 1 }, () => {
  it.concurrent.each(QUESTIONS.map((question, position) => ({ ...question, position })))(
    '$title',
    async ({ query, position }) => {
      const scene = await openReportScene(firstDay())
      try {
        const answer = await ANSWERS[position]?.(scene)
        const found = await rowsOf(scene.database, query)
        expect(found).toMatchObject(answer ?? ['an answer'])
        expect(found).toHaveLength(answer?.length ?? 0)
      } finally {
        await scene.close()
      }
    },
  )
})
