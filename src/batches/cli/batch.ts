import { Command } from 'commander'
import { approveCommand, moveCommands, runCommand } from './batch-commands.ts'
import { checkCommand, createCommand, templateCommand } from './batch-file.ts'
import { listCommand } from './batch-list.ts'
import { previewCommand } from './batch-preview.ts'
import { resultsCommand } from './batch-results.ts'
import { retryCommand } from './batch-retry.ts'
import { showCommand } from './batch-show.ts'

/** `goldpro batch …` */
export function batchCommand(): Command {
  const command = new Command('batch')
    .description('create orders from a file, have them approved, and run them')
    .addHelpText(
      'after',
      `
From a file to its results:
  $ goldpro batch template > payroll.csv
  $ goldpro batch check payroll.csv
  $ goldpro batch create payroll.csv     # prints the batch's number, such as 1
  $ goldpro batch preview 1
  $ goldpro batch approve 1             # not the person who created it
  $ goldpro batch run 1
  $ goldpro batch show 1 --watch
  $ goldpro batch results 1 --output results.csv
  $ goldpro batch retry 1               # a new batch of the rows that failed
\`goldpro scheduler\` sends the rows, so at least one must be running; \`goldpro up\` includes one.
Partners can also send batches over HTTP. Such a batch has an owner and is fed within the owner's limits: see docs/api.md.
To run the same batch regularly, see \`goldpro plan add --help\`.`,
    )
  const commands = [
    templateCommand(),
    checkCommand(),
    createCommand(),
    previewCommand(),
    approveCommand(),
    runCommand(),
    ...moveCommands(),
    listCommand(),
    showCommand(),
    resultsCommand(),
    retryCommand(),
  ]
  for (const each of commands) command.addCommand(each)
  return command
}
