import { Command } from 'commander'
import { deliveriesCommand, replayCommand, testCommand } from './webhook-deliveries.ts'
import { endpointCommands } from './webhook-endpoints.ts'

/** `goldpro webhook …` */
export function webhookCommand(): Command {
  const command = new Command('webhook')
    .description('send partners the outcomes of their orders and batches, by signed HTTPS calls')
    .addHelpText(
      'after',
      `
\`goldpro scheduler\` sends. docs/webhooks.md is for the partner who receives.

Start here:
  $ goldpro webhook add acme https://acme.example/goldpro
  $ goldpro webhook test 1
  $ goldpro webhook list`,
    )
  const commands = [...endpointCommands(), deliveriesCommand(), replayCommand(), testCommand()]
  for (const each of commands) command.addCommand(each)
  return command
}
