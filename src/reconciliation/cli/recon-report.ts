import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { errorCode, Failure } from '../../cli/failure.ts'
import { periodOption } from '../../cli/options.ts'
import { shownTime, shownZone } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import type { Period } from '../../core/business-days.ts'
import { renderCsv } from '../report/csv.ts'
import { formatSpan } from '../report/format.ts'
import { headlinesOf } from '../report/headlines.ts'
import { renderHtml } from '../report/html.ts'
import { readReport } from '../report/read-report.ts'
import type { Report } from '../report/report.ts'
import { formatCell, isNumeric, type Sheet } from '../report/sheet.ts'
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
    .description(
      'print the totals of both sides, matches, breaks, doubts and recent changes, without phone numbers',
    )
    .option(
      '--period <days>',
      '2026-02-09, or 2026-02-01..2026-02-28; default: the whole period of all statements',
      periodOption,
    )
    .addOption(new Option('--format <format>', 'the format').choices(Object.keys(RENDERERS)).default('table'))
    .option('--output <file>', 'write it to a file instead of standard output')
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .addHelpText(
      'after',
      `
The exit code is 0 also when there are breaks or doubts. docs/reconciliation.md explains each figure.

Examples:
  $ goldpro recon report --period 2026-02-09
  $ goldpro recon report --period 2026-02-01..2026-02-28 --format html --output february.html`,
    )
    .action(report)
}

async function report({ period, format, output, json }: Options): Promise<void> {
  const content = await withSessionHere(await settingsHere(), (session) =>
    readReport(session, period ?? null),
  )
  const text = RENDERERS[json ? 'json' : format](content)
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

/** Prints a report for a terminal. */
export function asTables(report: Report): string {
  const { madeAt, period } = report
  return [
    `reconciliation ${period === null ? '– no statement yet' : formatSpan(period, shownZone())}, made ${shownTime(madeAt)}; days are Jakarta's (+07:00)`,
    ...headlinesOf(report).map(
      ({ what, value, details }) => `  ${what.padEnd(18)} ${[value, ...details].map(formatCell).join(', ')}`,
    ),
    ...sheetsOf(report, shownZone()).flatMap(asTable),
    '',
  ].join('\n')
}

function asTable(sheet: Sheet): string[] {
  const { title, note, headings, groups, whenEmpty } = sheet
  if (groups.length === 0) return ['', title, whenEmpty]
  const rows = groups.flat().map(({ cells }) => cells.map(formatCell))
  const numeric = headings.filter((_, column) => isNumeric(sheet, column))
  return ['', title, note, '', table(headings, rows, numeric)]
}
