import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readText, tableRows } from '../ground/tables.ts'
import { aRecordedOrder, lineOf, recordStatement, rowsOf } from '../support/factories/recorded-orders.ts'
import { breakOf, openReportScene, type ReportScene } from '../support/scenes/report-scene.ts'

let scene: ReportScene
beforeAll(async () => {
  scene = await openReportScene()
})
afterAll(async () => {
  await scene?.close()
})

const rows = (text: string) => rowsOf<Record<string, unknown>>(scene.database, text)

it.each(tableRows(readText('docs/reconciliation.md'), 'The views'))(
  '%s has the columns that the page says',
  async (view, _row, columns) => {
    const [schema, name] = (view ?? '').split('.')
    const found = await rows(
      `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = '${schema}' AND table_name = '${name}' ORDER BY ordinal_position`,
    )
    expect(found.map(({ name }) => name).join(', ')).toBe(columns)
  },
)

describe('ops.recon_summary', () => {
  it('is one row that tells how it stands', async () => {
    expect(await rows('SELECT * FROM ops.recon_summary')).toEqual([
      {
        last_run_at: expect.any(Date),
        statements: '2',
        lines: '10',
        matched_lines: '9',
        unmatched_lines: '1',
        succeeded_orders: '11',
        in_doubt: '2',
        rupiah_in_doubt: '441000',
        grams_in_doubt: '2.0000',
        open_breaks: '4',
        overdue_breaks: '2',
        rupiah_in_breaks: '941015',
        grams_in_breaks: '1.1000',
      },
    ])
  })
})

describe('ops.open_breaks', () => {
  it('has a break with its order, its line, its owner and its age', async () => {
    const { orders, statements } = scene
    const [row] = await rows(
      `SELECT *, extract(day FROM age)::int AS days FROM ops.open_breaks WHERE type = 'amount_differs'`,
    )
    expect(row).toMatchObject({
      break_id: await breakOf(scene, 'amount_differs'),
      order_id: orders.otherAmount.orderId,
      partner: 'acme',
      reference: orders.otherAmount.orderId,
      order_state: 'succeeded',
      statement_id: statements.first,
      line_number: 5,
      rupiah_at_risk: '10',
      grams_at_risk: '0.0000',
      difference: { ours: 441_000, theirs: 441_010 },
      owner: 'ani',
      overdue: true,
      proposal_id: null,
      days: 2,
    })
  })

  it('has none that were closed', async () => {
    expect(await rows(`SELECT 1 FROM ops.open_breaks WHERE type = 'weight_differs'`)).toEqual([])
  })
})

describe('ops.in_doubt', () => {
  it('has the rupiah of a quote at risk, and the grams where it had no price', async () => {
    const { doubtUnclear, doubtWaiting } = scene.orders
    expect(
      await rows(
        `SELECT order_id, reason, kind, gold_weight, amount, rupiah_at_risk, grams_at_risk, stays_because
         FROM ops.in_doubt ORDER BY intent_at`,
      ),
    ).toEqual([
      {
        order_id: doubtUnclear.orderId,
        reason: 'reply_lost',
        kind: 'buy',
        gold_weight: '0.5000',
        amount: '441000',
        rupiah_at_risk: '441000',
        grams_at_risk: '0',
        stays_because: 'candidate_unclear',
      },
      {
        order_id: doubtWaiting.orderId,
        reason: 'reply_lost',
        kind: 'withdraw',
        gold_weight: '2.0000',
        amount: null,
        rupiah_at_risk: '0',
        grams_at_risk: '2.0000',
        stays_because: 'awaiting_statement',
      },
    ])
  })
})

describe('ops.daily_totals', () => {
  it('has both sides per day and kind, and how many lines give no fee', async () => {
    expect(
      await rows(
        `SELECT day::text, kind, our_count, our_grams, our_rupiah, our_fees, our_matched,
           their_count, their_grams, their_rupiah, their_fees, their_without_fee
         FROM ops.daily_totals ORDER BY day, kind`,
      ).then((found) => found.map((row) => Object.values(row).join(' '))),
    ).toEqual([
      '2026-02-09 buy 7 3.5000 3087000 35000 6 7 3.6001 3146010 34995 0',
      '2026-02-09 sell 2 1.0000 882000 10000 2 2 1.0000 882000 10000 0',
      '2026-02-10 sell 1 0.5000 441000 5000 0 0 0 0 0 0',
      '2026-02-10 transfer 1 0.5000 441000 5000 1 1 0.5000 441000 0 1',
    ])
  })
})

describe('ops.unmatched_statement_lines', () => {
  it('has a line that belongs to no order, with the break that says so', async () => {
    expect(await rows('SELECT * FROM ops.unmatched_statement_lines')).toMatchObject([
      {
        source: 'gateway',
        statement_id: scene.statements.first,
        line_number: 10,
        session_id: 'UNCLEAR',
        kind: 'buy',
        gold_weight: '0.6000',
        amount: '500000',
        break_id: await breakOf(scene, 'missing_here'),
        break_type: 'missing_here',
        break_state: 'open',
      },
    ])
  })
})

describe('lines', () => {
  it('count once that stand in two statements, and not at all when theirs was replaced', async () => {
    const other = await openReportScene()
    try {
      const { databaseUrl, database, statements } = other
      const lines = async () => {
        const [summary] = await rowsOf<{ lines: string; matched_lines: string }>(
          database,
          'SELECT * FROM ops.recon_summary',
        )
        const [totals] = await rowsOf<{ count: string }>(
          database,
          'SELECT sum(their_count) AS count FROM ops.daily_totals',
        )
        return [summary?.lines, summary?.matched_lines, totals?.count]
      }
      const line = lineOf(aRecordedOrder())
      const again = await recordStatement(databaseUrl, [line, line], { complete: false })
      await rowsOf(
        database,
        `INSERT INTO statement_repeats VALUES (${again}, 2, ${statements.first}, 2), (${again}, 2, ${statements.second}, 2)`,
      )
      expect(await lines()).toEqual(['11', '9', '11'])
      await recordStatement(databaseUrl, [], { replaces: [statements.first] })
      expect(await lines()).toEqual(['2', '1', '2'])
    } finally {
      await other.close()
    }
  })
})
