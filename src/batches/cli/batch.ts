import { Command } from 'commander'
import { approveCommand, moveCommands, runCommand } from './batch-commands.ts'
import { checkCommand, createCommand, templateCommand } from './batch-file.ts'
import { previewCommand } from './batch-preview.ts'
import { resultsCommand } from './batch-results.ts'
import { listCommand, showCommand } from './batch-show.ts'

/** `goldpro batch …` */
export function batchCommand(): Command {
  const command = new Command('batch')
    .description('prepare thousands of orders in a file, have them approved, and let them run')
    .addHelpText(
      'after',
      `
From a file to its results:
  $ goldpro batch template > payroll.csv
  $ goldpro batch check payroll.csv
  $ goldpro batch create payroll.csv --by ani     # prints its number, such as 1
  $ goldpro batch preview 1
  $ goldpro batch approve 1 --by budi             # another person than its creator
  $ goldpro batch run 1
  $ goldpro batch show 1 --watch
  $ goldpro batch results 1 --output results.csv
Rows are sent by \`goldpro scheduler\`, of which at least one must run; \`goldpro up\` has one.
Partners send batches over HTTP, too: these have an owner, and are fed within its limits. See docs/api.md.
The same file again and again: \`goldpro plan add --help\`.`,
    )
  const commands = [
    ...[templateCommand(), checkCommand(), createCommand(), previewCommand(), approveCommand(), runCommand()],
    ...[...moveCommands(), listCommand(), showCommand(), resultsCommand()],
  ]
  for (const each of commands) command.addCommand(each)
  return command
}
