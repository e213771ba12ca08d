import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { gapNote } from '../../cli/page.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownZone } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { formatSpan } from '../report/format.ts'
import { listStatements, type StatementSummary } from '../statements/read-statements.ts'
import { statementVerbs } from './recon-declarations.ts'

/** `goldpro recon statements` */
export function statementsCommand(): Command {
  const command = new Command('statements')
    .description('list the imported statements, the newest first; approve that a statement is complete')
    .option('--all', 'replaced statements, too')
    .addHelpText('after', '\nExample:\n  $ goldpro recon statements')
  rowFormatOptions(command).action(async ({ all, ...format }: { all?: true } & RowFormat) => {
    const statements = await withDatabase(await settingsHere(), (database) =>
      listStatements(database, all === true),
    )
    printRows(format, {
      jsonLines: () => jsonLinesOf(statements),
      text: () => (statements.length === 0 ? 'no statements yet' : asTable(statements)),
    })
    const gaps = gapNote(
      statements.map(({ statementId }) => statementId),
      `a refused import and a dry run take one, too${all ? '' : ', and --all shows replaced statements'}`,
    )
    if (gaps !== null && !format.json && !format.csv) console.log(gaps)
  })
  for (const verb of statementVerbs()) command.addCommand(verb)
  return command
}

function completeness({ complete, approved }: StatementSummary): string {
  if (!complete) return 'no'
  return approved ? 'yes' : 'to approve'
}

function asTable(statements: readonly StatementSummary[]): string {
  const headings = [
    'statement',
    'source',
    'period (days of Jakarta)',
    'complete',
    'lines',
    'ignored',
    'bad',
    'file',
    'by',
    'replaced by',
  ]
  const rows = statements.map((each) => [
    String(each.statementId),
    each.source,
    formatSpan({ from: each.periodFrom, to: each.periodTo }, shownZone()),
    completeness(each),
    each.lineCount,
    sum(Object.values(each.ignoredRows)),
    each.badLineCount,
    each.fileName,
    each.importedBy,
    each.replacedBy === null ? '–' : String(each.replacedBy),
  ])
  return table(headings, rows, ['statement', 'lines', 'ignored', 'bad'])
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
