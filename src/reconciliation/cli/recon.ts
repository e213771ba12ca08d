import { Command } from 'commander'
import { breaksCommand } from './recon-breaks.ts'
import { lagCommand, sourcesCommand } from './recon-declarations.ts'
import { importCommand } from './recon-import.ts'
import { inboxCommand } from './recon-inbox.ts'
import { mappingsCommand } from './recon-mappings.ts'
import { reportCommand } from './recon-report.ts'
import { runCommand } from './recon-run.ts'
import { statementsCommand } from './recon-statements.ts'

/** `goldpro recon …` */
export function reconCommand(): Command {
  const command = new Command('recon')
    .description('reconcile orders with the gateway’s statements')
    .addHelpText(
      'after',
      `
Every day:
  $ goldpro recon import statement.csv --period 2026-02-09 --complete
  $ goldpro recon statements approve 1 --note "the sender says so"
  $ goldpro recon run
  $ goldpro recon report
  $ goldpro recon breaks list`,
    )
  const commands = [
    importCommand(),
    inboxCommand(),
    runCommand(),
    reportCommand(),
    breaksCommand(),
    statementsCommand(),
    sourcesCommand(),
    lagCommand(),
    mappingsCommand(),
  ]
  for (const each of commands) command.addCommand(each)
  return command
}
