import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { errorCode, Failure } from '../../cli/failure.ts'
import { periodOption } from '../../cli/options.ts'
import { shownTime, shownZone } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import type { Period } from '../../core/business-days.ts'
import { renderCsv } from '../report/csv.ts'
import { formatFigure, formatSpan } from '../report/format.ts'
import { headlinesOf } from '../report/headlines.ts'
import { renderHtml } from '../report/html.ts'
import { readReport } from '../report/read-report.ts'
import type { Report } from '../report/report.ts'
import { type Cell, isNumeric, type Sheet } from '../report/sheet.ts'
import { sheetsOf } from '../report/sheets.ts'

const RENDERERS = {
  table: asTables,
  csv: renderCsv,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  html: (report) => renderHtml(report, shownZone()),
} as const satisfies Record<string, (report: Report) => string>
type Format = keyof typeof RENDERERS

interface Options {
  readonly period?: Period
  readonly format: Format
  readonly output?: string
  readonly json?: true
}

/** `goldpro recon report` */
export function reportCommand(): Command {
  return new Command('report')
    .description('totals of both sides, matches, breaks, doubts, and what changed; no phone numbers in it')
    .option(
      '--period <days>',
      '2026-02-09, or 2026-02-01..2026-02-28; default: all that statements are about',
      periodOption,
    )
    .addOption(
      new Option('--format <format>', 'how it is written').choices(Object.keys(RENDERERS)).default('table'),
    )
    .option('--output <file>', 'write it there instead of printing it')
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .addHelpText(
      'after',
      `
It ends with 0 whatever it tells: breaks and doubts are for people. docs/reconciliation.md tells what each figure means.

Examples:
  $ goldpro recon report --period 2026-02-09
  $ goldpro recon report --period 2026-02-01..2026-02-28 --format html --output february.html`,
    )
    .action(report)
}

async function report({ period, format, output, json }: Options): Promise<void> {
  const read = await withSessionHere(await settingsHere(), (session) => readReport(session, period ?? null))
  const text = RENDERERS[json ? 'json' : format](read)
  if (output === undefined) {
    process.stdout.write(text)
    return
  }
  try {
    await writeFile(output, text)
  } catch (error) {
    throw new Failure(1, `cannot write ${output} (${errorCode(error)})`)
  }
  console.log(`${output} is written`)
}

/** The report as a terminal shows it. */
export function asTables(report: Report): string {
  const { madeAt, period } = report
  return [
    `reconciliation ${period === null ? '– no statement yet' : formatSpan(period, shownZone())}, made ${shownTime(madeAt)}; days are Jakarta's (+07:00)`,
    ...headlinesOf(report).map(
      ({ what, value, more }) => `  ${what.padEnd(18)} ${[value, ...more].map(spelled).join(', ')}`,
    ),
    ...sheetsOf(report, shownZone()).flatMap(asTable),
    '',
  ].join('\n')
}

function asTable(sheet: Sheet): string[] {
  const { title, note, headings, groups, whenEmpty } = sheet
  if (groups.length === 0) return ['', title, whenEmpty]
  const rows = groups.flat().map(({ cells }) => cells.map(spelled))
  const numeric = headings.filter((_, column) => isNumeric(sheet, column))
  return ['', title, note, '', table(headings, rows, numeric)]
}

const spelled = (cell: Cell) => (typeof cell === 'string' ? cell : formatFigure(cell))
