import { Command } from 'commander'
import { breaksCommand } from './recon-breaks.ts'
import { reportCommand } from './recon-report.ts'
import { runCommand } from './recon-run.ts'

/** `goldpro recon …` */
export function reconCommand(): Command {
  const command = new Command('recon')
    .description('reconcile orders with the gateway’s statements')
    .addHelpText(
      'after',
      `
Every day:
  $ goldpro recon import statement.csv --period 2026-02-09 --complete
  $ goldpro recon run
  $ goldpro recon report
  $ goldpro recon breaks list`,
    )
  command.addCommand(runCommand())
  command.addCommand(reportCommand())
  command.addCommand(breaksCommand())
  return command
}
