import { formatTime, NOTHING, type ShownZone } from '../../core/format.ts'
import { BREAK_TYPES, STAY_REASONS } from '../enums.ts'
import { count, formatFigure, formatSpan, grams, id, percent, rupiah } from './format.ts'
import {
  type AtRisk,
  BREAK_AGES,
  type BreakAge,
  type BreakSums,
  type DoubtReason,
  LISTED_BREAKS,
  type Report,
} from './report.ts'
import type { Cell, Sheet } from './sheet.ts'
import { changeSheet } from './sheet-of-changes.ts'
import { daySheet, kindSheet } from './sheets-of-totals.ts'

/** Every section of a report, in reading order. */
export function sheetsOf(report: Report, zone: ShownZone): Sheet[] {
  return [
    breakSheet(report),
    ageSheet(report),
    firstDueSheet(report, zone),
    doubtSheet(report, zone),
    kindSheet(report),
    daySheet(report),
    matchSheet(report),
    changeSheet(report, zone),
    statementSheet(report, zone),
    gapSheet(report, zone),
  ]
}

const AGES: Record<BreakAge, string> = {
  under_1_day: 'under 1 day',
  '1_to_3_days': '1 to 3 days',
  '3_to_7_days': '3 to 7 days',
  over_7_days: 'over 7 days',
}

const DOUBTS: Record<DoubtReason, string> = {
  ...STAY_REASONS,
  not_looked_at: 'no run has looked at it yet',
}

const ALL_DAYS = 'All breaks that are open now, of every day.'

const atRisk = ({ rupiahAtRisk, gramsAtRisk }: AtRisk): Cell[] => [rupiah(rupiahAtRisk), grams(gramsAtRisk)]
const breakSums = (sums: BreakSums): Cell[] => [count(sums.count), count(sums.overdue), ...atRisk(sums)]

function breakSheet({ breaks: { all, byType, byAge, byTypeAndAge } }: Report): Sheet {
  const ageOf = (type: string) =>
    BREAK_AGES.map((age) => {
      const found = byTypeAndAge.find((each) => each.type === type && each.age === age)
      return count(found?.count ?? 0)
    })
  const allAges = BREAK_AGES.map((age) => count(byAge.find((each) => each.age === age)?.count ?? 0))
  return {
    title: 'Open breaks per type',
    note: ALL_DAYS,
    headings: ['type', 'means', 'open', 'overdue', 'rupiah at risk', 'grams', ...Object.values(AGES)],
    groups: [
      ...byType.map((each) => [
        { cells: [each.type, BREAK_TYPES[each.type].means, ...breakSums(each), ...ageOf(each.type)] },
      ]),
      ...(all.count === 0
        ? []
        : [[{ cells: ['all types', '', ...breakSums(all), ...allAges], mark: 'total' as const }]]),
    ],
    whenEmpty: 'No break is open.',
  }
}

function ageSheet({ breaks: { byAge } }: Report): Sheet {
  return {
    title: 'Open breaks per age',
    note: ALL_DAYS,
    headings: ['open for', 'open', 'overdue', 'rupiah at risk', 'grams'],
    groups: byAge.map((each) => [{ cells: [AGES[each.age], ...breakSums(each)] }]),
    whenEmpty: 'No break is open.',
  }
}

function firstDueSheet({ breaks: { all, firstDue } }: Report, zone: ShownZone): Sheet {
  return {
    title: 'Open breaks, the first due first',
    note:
      all.count > LISTED_BREAKS
        ? `The first ${LISTED_BREAKS} of ${formatFigure(count(all.count))}; \`goldpro recon breaks list --limit ${all.count}\` has them all.`
        : ALL_DAYS,
    headings: ['break', 'type', 'about', 'rupiah at risk', 'grams', 'due', 'owner'],
    groups: firstDue.map((each) => [
      {
        cells: [
          id(each.breakId),
          each.type,
          each.partner === null
            ? `statement ${each.statementId} line ${each.lineNumber}`
            : `${each.partner}/${each.reference}`,
          ...atRisk({ ...each, count: 1 }),
          `${formatTime(each.dueAt, zone)}${each.overdue ? ' overdue' : ''}`,
          each.owner ?? 'nobody',
        ],
        ...(each.overdue ? { mark: 'overdue' as const } : {}),
      },
    ]),
    whenEmpty: 'No break is open.',
  }
}

function doubtSheet({ doubts: { all, byReason } }: Report, zone: ShownZone): Sheet {
  return {
    title: 'Orders in doubt',
    note: 'All orders that are in doubt now, of every day. A withdrawal has no price before its confirm: its grams are at risk.',
    headings: ['reason', 'means', 'orders', 'rupiah at risk', 'grams', 'oldest'],
    groups: [
      ...byReason.map((each) => [
        {
          cells: [
            each.reason,
            DOUBTS[each.reason],
            count(each.count),
            ...atRisk(each),
            formatTime(each.oldest, zone),
          ],
        },
      ]),
      ...(all.count === 0
        ? []
        : [[{ cells: ['all reasons', '', count(all.count), ...atRisk(all), ''], mark: 'total' as const }]]),
    ],
    whenEmpty: 'No order is in doubt.',
  }
}

function matchSheet({ matching: { lines, byRule, unmatched, orders } }: Report): Sheet {
  const named = [
    ...byRule.map(({ rule, ...each }) => ({ name: rule as string, ...each })),
    { name: 'unmatched', ...unmatched },
  ]
  return {
    title: 'Matches per rule',
    note: `Of ${formatFigure(count(orders.succeeded))} succeeded orders, ${formatFigure(count(orders.matched))} have their line.`,
    headings: ['rule', 'lines', 'share'],
    groups:
      lines === 0
        ? []
        : [
            ...named.map((each) => [{ cells: [each.name, count(each.lines), percent(each.share)] }]),
            [{ cells: ['all lines', count(lines), percent('100.0000')], mark: 'total' as const }],
          ],
    whenEmpty: 'No statement has a line of this period.',
  }
}

function statementSheet({ statements }: Report, zone: ShownZone): Sheet {
  return {
    title: 'Statements',
    note: 'Statements about this period. Only a complete one can prove that something did not happen. A repeated line counts in its first statement.',
    headings: ['statement', 'source', 'file', 'period', 'complete', 'lines', 'repeated', 'bad'],
    groups: statements.map((each) => [
      {
        cells: [
          id(each.statementId),
          each.source,
          each.fileName,
          formatSpan(each, zone),
          each.complete ? 'complete' : 'not complete',
          count(each.lines),
          count(each.repeatedLines),
          count(each.badLines),
        ],
      },
    ]),
    whenEmpty: 'No statement is about this period.',
  }
}

function gapSheet({ gaps, period }: Report, zone: ShownZone): Sheet {
  return {
    title: 'Not covered by a complete statement',
    note: 'In these spans no transaction counts as missing, and no doubt is settled as not executed.',
    headings: ['source', 'period'],
    groups: gaps.map((gap) => [{ cells: [gap.source ?? NOTHING, formatSpan(gap, zone)] }]),
    whenEmpty:
      period === null
        ? 'There is no statement yet.'
        : 'Complete statements of every source cover the whole period.',
  }
}
