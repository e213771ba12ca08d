import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { describeFailure, Failure } from '../../cli/failure.ts'
import { openFile, readingBar } from '../../cli/open-file.ts'
import { parsedBy, periodOption } from '../../cli/options.ts'
import { shownText } from '../../cli/shown-text.ts'
import { shownZone } from '../../cli/shown-time.ts'
import type { Period } from '../../core/business-days.ts'
import { formatCount } from '../../core/format.ts'
import { plainTextExpected, readPlainText } from '../../core/plain-text.ts'
import { sessionOf } from '../../operators/acting.ts'
import { formatSpan } from '../report/format.ts'
import { reconcileAll } from '../run-all.ts'
import { type ImportResult, importStatement } from '../statements/import.ts'
import type { BadLine } from '../statements/line.ts'
import { IGNORED_BY, type IgnoredBy, type IgnoredRows } from '../statements/read-file.ts'
import { MappingMismatch } from '../statements/statement-refused.ts'
import { printRun, printStep } from './recon-run.ts'

interface Options {
  readonly period?: Period
  readonly complete?: true
  readonly mapping: string
  readonly source: string
  readonly skipBad?: true
  readonly replace?: true
  readonly dryRun?: true
  readonly importOnly?: true
  readonly by: string
  readonly json?: true
}

/** The one stored form of a name: two spellings would be two sources. */
const sourceName = parsedBy(
  (text) => readPlainText(text, 100),
  plainTextExpected(100).replace(/^must be /, ''),
)

/** How many bad lines are printed one by one; the rest is counted. */
const PRINTED_BAD_LINES = 20

/** `goldpro recon import FILE` */
export function importCommand(): Command {
  return new Command('import')
    .description('import a statement of what the gateway executed, and reconcile')
    .argument('<file>', 'CSV, gzipped or not, or a workbook (.xlsx); - for standard input')
    .option(
      '--period <days>',
      '2026-02-09, or 2026-02-01..2026-02-28; default: the days of its lines',
      periodOption,
    )
    .option(
      '--complete',
      'the file has every transaction of its period; once another person approves that, it can prove that an order was not executed',
    )
    .option('--mapping <name>', 'how its columns are read: see `goldpro recon mappings`', 'sandbox')
    .option(
      '--source <name>',
      'who sends the statement; only complete statements of every source prove that an order was not executed',
      sourceName,
      'gateway',
    )
    .option('--strict', 'import nothing if one line cannot be read (the default)')
    .option('--skip-bad', 'set unreadable lines aside and import the others')
    .option(
      '--replace',
      'replace the statement with the same content or the same period; the replaced one stays stored',
    )
    .option('--dry-run', 'print what it would import, and store nothing')
    .option('--import-only', 'do not reconcile: `goldpro recon run` does it later')
    .addOption(byOption('who imports it'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Either the whole file is imported or nothing of it. The same file twice is refused. Then it reconciles the period of all
statements, as \`goldpro recon run\` does, and prints what changed.

Examples:
  $ goldpro recon import statement-2026-02-09.csv.gz --period 2026-02-09 --complete
  $ curl -s $GATEWAY_URL/sandbox/statement | goldpro recon import - --dry-run`,
    )
    .action(runImport)
}

async function runImport(file: string, options: Options): Promise<void> {
  const settings = await settingsHere()
  const given = await openFile(file)
  const progress = readingBar('importing', given)
  const request = {
    source: options.source,
    period: options.period ?? null,
    complete: options.complete === true,
    mapping: options.mapping,
    replace: options.replace === true,
    dryRun: options.dryRun === true,
    fileName: given.name,
    badLines: options.skipBad ? 'skip' : 'refuse',
    by: options.by,
    nowMs: Date.now(),
  } as const
  await withSessionHere(settings, async (session) => {
    const acting = sessionOf(session, options)
    const result = await importStatement(acting, given.bytes, request, progress.read)
      .catch((error: unknown) => {
        throw withNextStep(error, file)
      })
      .finally(progress.stop)
    const reconciles = result.is === 'imported' && options.importOnly !== true
    if (!options.json || !reconciles) print(result, options)
    if (result.is === 'refused')
      throw new Failure(1, 'nothing was imported: correct these lines, or set them aside with --skip-bad')
    if (!reconciles) return
    const run = await reconcileAll(acting, { by: options.by, lagMs: settings.reconLagMs }, printStep).catch(
      (error: unknown) => {
        throw new Failure(
          1,
          `the statement is imported, and reconciling failed (${describeFailure(error).line}): repeat \`goldpro recon run\``,
        )
      },
    )
    if (options.json) console.log(JSON.stringify({ ...result, run }))
    else if (run !== null) console.log(printRun(run, false).join('\n'))
  }).finally(progress.stop)
}

function print(result: ImportResult, { json, importOnly }: Options): void {
  if (json) console.log(JSON.stringify(result))
  else {
    const next = result.is === 'imported' && importOnly ? ['next: `goldpro recon run`'] : []
    console.log([...printImport(result), ...next].join('\n'))
  }
}

/** A mapping that does not fit is written anew from what the file has. Standard input cannot be read again. */
function withNextStep(error: unknown, file: string): unknown {
  if (!(error instanceof MappingMismatch) || file === '-') return error
  return new Failure(
    1,
    `${describeFailure(error).line}; next: \`goldpro recon mappings propose ${shownText(file)}\``,
  )
}

/** Prints the result of an import for people. */
export function printImport(result: ImportResult): string[] {
  if (result.is === 'refused')
    return [`${formatCount(result.badLineCount)} lines cannot be read:`, ...printBadLines(result.badLines)]
  const { statementId, period, lineCount, ignored, badLines, repeatCount, replaced } = result
  return [
    result.is === 'dry_run' ? 'dry run: nothing was stored' : `statement ${statementId}`,
    `  period          ${formatSpan(period, shownZone())}`,
    `  lines           ${formatCount(lineCount)}`,
    ...printIgnored(ignored),
    ...(repeatCount > 0
      ? [`  repeated        ${formatCount(repeatCount)} that earlier statements have, too: they count once`]
      : []),
    ...(replaced.length > 0 ? [`  replaces        statement ${replaced.join(', ')}`] : []),
    ...(badLines.length > 0
      ? [`  set aside       ${formatCount(badLines.length)}:`, ...printBadLines(badLines)]
      : []),
    ...(result.is === 'imported' && result.toApprove
      ? [
          `complete only once another person runs \`goldpro recon statements approve ${statementId} --note "…"\``,
        ]
      : []),
  ]
}

function printIgnored(ignored: IgnoredRows): string[] {
  const counts = Object.entries(ignored).filter(([, count]) => count > 0) as [IgnoredBy, number][]
  return counts.map(([by, count], position) =>
    `${position === 0 ? '  ignored' : ''}`.padEnd(18).concat(`${count} ${IGNORED_BY[by]}`),
  )
}

function printBadLines(badLines: readonly BadLine[]): string[] {
  const printed = badLines
    .slice(0, PRINTED_BAD_LINES)
    .map(
      ({ lineNumber, column, problem }) =>
        `  line ${lineNumber}${column === null ? '' : `, ${column}`}: ${problem}`,
    )
  const more = badLines.length - printed.length
  return more > 0 ? [...printed, `  and ${formatCount(more)} more`] : printed
}
