import { Command } from 'commander'
import { formatPeriod } from '../reconciliation/days.ts'
import { listStatements, type StatementSummary } from '../reconciliation/statements/read-statements.ts'
import { settingsHere, withDatabase } from './place.ts'
import { statementVerbs } from './recon-declarations.ts'
import { table } from './table.ts'

/** `goldpro recon statements` */
export function statementsCommand(): Command {
  const command = new Command('statements')
    .description('list the statements that were imported, the newest first; approve that one is complete')
    .option('--all', 'those that were replaced, too')
    .option('--json', 'print JSON lines')
    .addHelpText('after', '\nExample:\n  $ goldpro recon statements')
    .action(async ({ all, json }: { all?: true; json?: true }) => {
      const statements = await withDatabase(await settingsHere(), (database) =>
        listStatements(database, all === true),
      )
      if (json) for (const each of statements) console.log(JSON.stringify(each))
      else console.log(statements.length === 0 ? 'no statements yet' : asTable(statements))
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
    'from',
    'to',
    'complete',
    'lines',
    'bad',
    'file',
    'by',
    'replaced by',
  ]
  const rows = statements.map((each) => [
    ...[String(each.statementId), each.source, formatPeriod({ from: each.periodFrom, to: each.periodTo })],
    ...[completeness(each), String(each.lineCount), String(each.badLineCount)],
    ...[each.fileName, each.importedBy, each.replacedBy === null ? '–' : String(each.replacedBy)],
  ])
  return table(headings, rows, ['statement', 'lines', 'bad'])
}
