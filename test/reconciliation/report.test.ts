import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Period } from '../../src/core/business-days.ts'
import type { Session } from '../../src/postgres/session.ts'
import { assignBreak } from '../../src/reconciliation/break-commands.ts'
import { CSV_COLUMNS, renderCsv } from '../../src/reconciliation/report/csv.ts'
import { formatFigure, rupiah } from '../../src/reconciliation/report/format.ts'
import { renderHtml } from '../../src/reconciliation/report/html.ts'
import { readReport } from '../../src/reconciliation/report/read-report.ts'
import { MEASURES, type Report } from '../../src/reconciliation/report/report.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import {
  breakOf,
  NEXT_DAY,
  nameStatement,
  openReportScene,
  type ReportScene,
} from '../support/scenes/report-scene.ts'
import { inSession } from '../support/servers/sessions.ts'

const reportOf = (scene: Pick<Scene, 'databaseUrl'>, period: Period | null = null): Promise<Report> =>
  inSession(scene.databaseUrl, (session) => readReport(session, period))

/** The rows of a CSV, by what their figure is. */
function figuresOf(csv: string): Map<string, Record<string, string>> {
  const rows = parse(csv, { columns: true }) as Record<string, string>[]
  return new Map(
    rows.map((row) => [
      [row.section, row.day, row.kind, row.subject, row.age, row.measure]
        .filter((each) => each !== '')
        .join(' '),
      row,
    ]),
  )
}

describe('a report', () => {
  let scene: ReportScene
  let report: Report
  beforeAll(async () => {
    scene = await openReportScene()
    report = await reportOf(scene)
  })
  afterAll(async () => {
    await scene?.close()
  })

  it('names the statements of its period, and the time that no complete one covers', () => {
    expect(report.period).toEqual({ from: DAY.from, to: NEXT_DAY.to })
    expect(report.statements).toEqual([
      {
        statementId: scene.statements.first,
        source: 'gateway',
        fileName: 'test.csv',
        ...DAY,
        complete: true,
        lines: 9,
        repeatedLines: 0,
        badLines: 0,
      },
      expect.objectContaining({
        statementId: scene.statements.second,
        complete: false,
        lines: 1,
        ...NEXT_DAY,
      }),
    ])
    expect(report.gaps).toEqual([{ source: 'gateway', ...NEXT_DAY }])
  })

  it('adds up both sides per kind and per day, and tells which day differs', () => {
    const { all, byKind, byDay } = report.totals
    expect(byKind.map(({ kind, difference }) => [kind, difference])).toEqual([
      ['buy', { count: 0, grams: '-0.1001', rupiah: '-59010', fees: '5' }],
      ['sell', { count: 1, grams: '0.5000', rupiah: '441000', fees: '5000' }],
      ['transfer', { count: 0, grams: '0.0000', rupiah: '0', fees: null }],
    ])
    expect(byDay.map(({ day, complete, equal }) => [day, complete, equal])).toEqual([
      ['2026-02-09', true, false],
      ['2026-02-10', false, false],
    ])
    expect(all).toEqual({
      ours: { count: 11, grams: '5.5000', rupiah: '4851000', fees: '55000' },
      theirs: { count: 10, grams: '5.1001', rupiah: '4469010', fees: '44995' },
      difference: { count: 1, grams: '0.3999', rupiah: '381990', fees: null },
      linesWithoutFee: 1,
    })
  })

  it('tells by which rule lines were matched', () => {
    expect(report.matching).toEqual({
      lines: 10,
      byRule: [
        { rule: 'session_id', lines: 6, share: '60.0000' },
        { rule: 'response_id', lines: 1, share: '10.0000' },
        { rule: 'request_id', lines: 1, share: '10.0000' },
        { rule: 'terms', lines: 1, share: '10.0000' },
      ],
      unmatched: { lines: 1, share: '10.0000' },
      orders: { succeeded: 11, matched: 9 },
    })
  })

  it('tells the open breaks per type and age, with what is at risk and whose they are', () => {
    const { all, byType, byAge, byTypeAndAge, firstDue } = report.breaks
    expect(all).toEqual({ count: 4, overdue: 2, rupiahAtRisk: '941015', gramsAtRisk: '1.1000' })
    expect(
      byType.map(({ type, count, overdue, rupiahAtRisk }) => [type, count, overdue, rupiahAtRisk]),
    ).toEqual([
      ['missing_at_gateway', 1, 1, '441000'],
      ['missing_here', 1, 0, '500000'],
      ['amount_differs', 1, 1, '10'],
      ['fee_differs', 1, 0, '5'],
    ])
    expect(byAge.map(({ age, count, overdue }) => [age, count, overdue])).toEqual([
      ['under_1_day', 2, 0],
      ['1_to_3_days', 1, 1],
      ['3_to_7_days', 1, 1],
    ])
    expect(byTypeAndAge.map(({ type, age, gramsAtRisk }) => [type, age, gramsAtRisk])).toEqual([
      ['missing_at_gateway', '3_to_7_days', '0.5000'],
      ['missing_here', 'under_1_day', '0.6000'],
      ['amount_differs', '1_to_3_days', '0.0000'],
      ['fee_differs', 'under_1_day', '0.0000'],
    ])
    expect(firstDue.map(({ type, owner, overdue }) => [type, owner, overdue])).toEqual([
      ['missing_at_gateway', null, true],
      ['amount_differs', 'ani', true],
      ['missing_here', null, false],
      ['fee_differs', null, false],
    ])
  })

  it('tells what is in doubt per reason: rupiah, or grams where no price is known', () => {
    expect(report.doubts.all).toEqual({ count: 2, rupiahAtRisk: '441000', gramsAtRisk: '2.0000' })
    expect(
      report.doubts.byReason.map(({ reason, count, rupiahAtRisk, gramsAtRisk, oldest }) => [
        reason,
        count,
        rupiahAtRisk,
        gramsAtRisk,
        oldest,
      ]),
    ).toEqual([
      ['awaiting_statement', 1, '0', '2.0000', scene.orders.doubtWaiting.intentAt],
      ['candidate_unclear', 1, '441000', '0.0000', scene.orders.doubtUnclear.intentAt],
    ])
  })

  it('tells what the last run changed, what the one before it, and what people did in between', () => {
    const { last, before, sinceLast } = report.changes
    expect(last).toMatchObject({
      counts: { matched: { session_id: 1 }, reopened: 1, explained: 0, openBreaks: 4 },
      writtenOff: 1,
      settledOtherwise: { succeeded: 0, rejected: 0 },
    })
    expect(before).toMatchObject({
      counts: { matched: { session_id: 1 }, reopened: 0, explained: 2 },
      writtenOff: 0,
    })
    expect(sinceLast).toEqual({ writtenOff: 0, settledOtherwise: { succeeded: 0, rejected: 0 } })
  })

  it('of one day leaves the other out, and breaks and doubts as they are', async () => {
    const ofDay = await reportOf(scene, NEXT_DAY)
    expect(ofDay.totals.byDay.map(({ day }) => day)).toEqual(['2026-02-10'])
    expect(ofDay.totals.all).toMatchObject({ ours: { count: 2 }, theirs: { count: 1 } })
    expect(ofDay.statements.map(({ statementId }) => statementId)).toEqual([scene.statements.second])
    expect(ofDay.matching.lines).toBe(1)
    expect([ofDay.breaks.all, ofDay.doubts.all]).toEqual([report.breaks.all, report.doubts.all])
  })

  it('says the same in CSV as in JSON', () => {
    const figures = figuresOf(renderCsv(report))
    const { totals, breaks, doubts, matching } = JSON.parse(JSON.stringify(report)) as Report
    const named = [
      { name: 'total', ...totals.all },
      ...totals.byKind.map((each) => ({ name: `total ${each.kind}`, ...each })),
      ...totals.byDay.map((each) => ({ name: `total ${each.day}`, ...each })),
      ...totals.byDay.flatMap(({ day, kinds }) =>
        kinds.map((each) => ({ name: `total ${day} ${each.kind}`, ...each })),
      ),
    ]
    for (const { name, ours, theirs, difference } of named)
      for (const measure of MEASURES)
        expect(figures.get(`${name} ${measure}`), `${name} ${measure}`).toMatchObject({
          ours: String(ours[measure]),
          theirs: String(theirs[measure]),
          difference: String(difference[measure] ?? ''),
        })
    for (const { rule, lines } of matching.byRule)
      expect(figures.get(`match ${rule} lines`)?.value).toBe(String(lines))
    for (const { type, age, count, rupiahAtRisk } of breaks.byTypeAndAge) {
      expect(figures.get(`open_breaks ${type} ${age} count`)?.value).toBe(String(count))
      expect(figures.get(`open_breaks ${type} ${age} rupiah_at_risk`)?.value).toBe(rupiahAtRisk)
    }
    for (const { reason, gramsAtRisk } of doubts.byReason)
      expect(figures.get(`in_doubt ${reason} grams_at_risk`)?.value).toBe(gramsAtRisk)
    expect(figures.get('changes last_run written_off')?.value).toBe('1')
    expect(Object.keys(figures.get('total count') ?? {})).toEqual([...CSV_COLUMNS])
  })

  it('says the same on the page', () => {
    const page = renderHtml(report)
    const { all, byKind, byDay } = report.totals
    for (const { ours, theirs, difference } of [all, ...byKind, ...byDay])
      for (const digits of [ours.rupiah, theirs.rupiah, difference.rupiah])
        expect(page).toContain(formatFigure(rupiah(digits)))
    for (const { type } of report.breaks.byType) expect(page).toContain(`<td class="name">${type}</td>`)
    expect(page).toContain('<h1>Reconciliation 2026-02-09 to 2026-02-10</h1>')
    expect(page).toContain('they differ')
    expect(page).toContain('-0,1001')
  })

  it('has no phone number in any format', async () => {
    for (const written of [JSON.stringify(report), renderCsv(report), renderHtml(report)])
      for (const { phoneNumber } of Object.values(scene.orders)) expect(written).not.toContain(phoneNumber)
  })
})

describe('a page', () => {
  it('stands alone, runs nothing, and marks what differs by more than colour', async () => {
    const scene = await openReportScene()
    const page = renderHtml(await reportOf(scene))
    await scene.close()
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\shref=|@import|https?:/i)
    expect([...page.matchAll(/url\(([^)]*)\)/g)].every(([, target]) => target?.startsWith('#'))).toBe(true)
    expect(page).toContain('≠ difference')
    expect(page).toContain('@media print')
  })

  it('of very large sums keeps every digit', async () => {
    const report = await withEmptyDatabase((scene) => reportOf(scene))
    const sums = { count: 1, grams: '900719925474099.0001', rupiah: '9007199254740993', fees: '0' }
    const totals = { ours: sums, theirs: sums, difference: sums, linesWithoutFee: 0 }
    const day = { ...totals, day: '2026-02-09', complete: true, equal: false, kinds: [] }
    const page = renderHtml({ ...report, totals: { all: totals, byKind: [], byDay: [day] } })
    expect(page).toContain('Rp 9.007.199.254.740.993')
    expect(page).toContain('900.719.925.474.099,0001')
  })
})

async function withEmptyDatabase<T>(use: (scene: Scene) => Promise<T>): Promise<T> {
  const scene = await openScene()
  try {
    return await use(scene)
  } finally {
    await scene.close()
  }
}

describe('a report on', () => {
  it('an empty database has no period and nothing in it, in every format', async () => {
    const report = await withEmptyDatabase((scene) => reportOf(scene))
    const nothing = { count: 0, rupiahAtRisk: '0', gramsAtRisk: '0.0000' }
    expect(report).toMatchObject({
      period: null,
      statements: [],
      gaps: [],
      totals: { byKind: [], byDay: [], all: { ours: { count: 0, rupiah: '0' } } },
      matching: { lines: 0, orders: { succeeded: 0, matched: 0 } },
      breaks: { all: { ...nothing, overdue: 0 }, byType: [] },
      doubts: { all: nothing, byReason: [] },
      changes: { last: null, before: null, sinceLast: null },
    })
    expect(renderHtml(report)).toContain('There is no statement yet.')
    expect(figuresOf(renderCsv(report)).get('total rupiah')).toMatchObject({ ours: '0', theirs: '0' })
  })

  it('a period without any statement says that nothing covers it', async () => {
    const report = await withEmptyDatabase((scene) => reportOf(scene, DAY))
    expect(report.gaps).toEqual([{ source: null, ...DAY }])
  })

  it('a day whose kinds differ by as much in both directions does not call it equal', async () => {
    const report = await withEmptyDatabase(async (scene) => {
      const [bought, sold] = [aRecordedOrder(), aRecordedOrder({ kind: 'sell' })]
      await recordOrders(scene.databaseUrl, [bought, sold])
      const lines = [lineOf(bought, { amount: 441_010 }), lineOf(sold, { amount: 440_990 })]
      await recordStatement(scene.databaseUrl, lines)
      await scene.run()
      return await reportOf(scene)
    })
    expect(report.totals.all.difference.rupiah).toBe('0')
    expect(report.totals.byDay.map(({ equal }) => equal)).toEqual([false])
    expect(renderHtml(report)).toContain('of which sell')
  })

  it('a transaction counts it on the day of its line, on both sides', async () => {
    const report = await withEmptyDatabase(async (scene) => {
      const order = aRecordedOrder({ intentAt: new Date(DAY.to.getTime() - 1_000) })
      await recordOrders(scene.databaseUrl, [order])
      const line = lineOf(order, { executedAt: new Date(DAY.to.getTime() + 1_000) })
      await recordStatement(scene.databaseUrl, [line], { period: NEXT_DAY })
      await scene.run()
      return await reportOf(scene)
    })
    expect(report.totals.byDay).toMatchObject([{ day: '2026-02-10', equal: true, ours: { count: 1 } }])
  })

  it('doubts that no run has looked at says so', async () => {
    const report = await withEmptyDatabase(async (scene) => {
      await recordOrders(scene.databaseUrl, [
        aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null }),
      ])
      return await reportOf(scene)
    })
    expect(report.doubts.byReason).toMatchObject([{ reason: 'not_looked_at', count: 1 }])
  })

  it('a database that changes meanwhile is of one moment', async () => {
    const report = await withEmptyDatabase(async (scene) => {
      await recordStatement(scene.databaseUrl, [lineOf(aRecordedOrder())])
      return await inSession(scene.databaseUrl, async (session) => {
        const disturbed: Session = {
          ...session,
          run: async (statement, values) => {
            if (statement.name === 'read_matching')
              await recordStatement(scene.databaseUrl, [lineOf(aRecordedOrder())])
            return await session.run(statement, values)
          },
        }
        return await readReport(disturbed, DAY)
      })
    })
    expect(report.totals.all.theirs.count).toBe(1)
    expect(report.matching.lines).toBe(1)
  })
})

describe('names that mean harm', () => {
  const FORMULAS = ['=cmd|"/C calc"!A0', '+1+1', '-1+1|x', '@SUM(A1)', '\t=1', '\r=1']
  const HTML = `"><script>alert('x')</script>&amp;`
  let scene: Scene
  let report: Report
  beforeAll(async () => {
    scene = await openScene()
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    await recordStatement(scene.databaseUrl, [])
    await scene.run()
    const broken = await breakOf(scene, 'missing_at_gateway')
    await inSession(scene.databaseUrl, (session) =>
      assignBreak(session, broken, { by: 'ani', to: `${HTML}081234500001` }),
    )
    for (const source of FORMULAS)
      await nameStatement(scene, { source, fileName: `${source}+6281234500001\u001b[31m.csv`, period: DAY })
    report = await reportOf(scene)
  })
  afterAll(async () => {
    await scene?.close()
  })

  it('do not become formulas in CSV, and negative numbers stay numbers', () => {
    const csv = renderCsv({
      ...report,
      breaks: {
        ...report.breaks,
        firstDue: report.breaks.firstDue.flatMap((each) =>
          FORMULAS.map((owner, position) => ({ ...each, owner, breakId: position })),
        ),
      },
      totals: {
        ...report.totals,
        all: {
          ...report.totals.all,
          difference: { count: -1, grams: '-0.5000', rupiah: '-441000', fees: '-5000' },
        },
      },
    })
    const rows = parse(csv, { columns: true }) as Record<string, string>[]
    const written = rows.flatMap((row) => Object.values(row))
    const risky = written.filter((cell) => /^[=+\-@\t\r]/.test(cell) && !/^-\d+(\.\d+)?$/.test(cell))
    expect(risky).toEqual([])
    const owners = rows.filter(({ measure }) => measure === 'owner').map(({ value }) => value)
    expect(owners).toEqual(FORMULAS.map((owner) => `'${owner}`))
    const differences = rows.filter(
      ({ section, day, kind }) => section === 'total' && day === '' && kind === '',
    )
    expect(differences.map(({ difference }) => difference)).toEqual(['-1', '-0.5000', '-441000', '-5000'])
  })

  it('are text on the page', () => {
    const page = renderHtml(report)
    expect(page).not.toContain('<script')
    expect(page).toContain('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;')
  })

  it('lose the phone numbers and control characters in them', () => {
    const texts = [JSON.stringify(report), renderCsv(report), renderHtml(report)]
    for (const text of texts) {
      expect(text).not.toContain('81234500001')
      expect(text).not.toContain('\u001b')
      expect(text).not.toContain('\\u001b')
    }
    expect(report.breaks.firstDue[0]?.owner).toContain('08xxxxxxx001')
    expect(report.statements.map(({ source }) => source)).toContain('=1')
  })
})
