import { Command } from 'commander'
import type { AnyChangeKind } from '../change-kind.ts'
import { decisionCommands } from './approvals-decide.ts'
import { listCommand } from './approvals-list.ts'
import { showCommand } from './approvals-show.ts'

/**
 * `goldpro approvals`
 * @param kinds every kind of change: an approval carries the change out
 */
export function approvalsCommand(kinds: readonly AnyChangeKind[]): Command {
  const command = new Command('approvals')
    .description('changes that one person proposes and another approves')
    .addHelpText(
      'after',
      `
A change is proposed by its own command, such as \`goldpro switch open\`. Doubts, breaks and statements are approved by
\`goldpro orders\` and \`goldpro recon\`, batches by \`goldpro batch\`.

Example:
  $ goldpro approvals list
  $ goldpro approvals show 1
  $ goldpro approvals approve 1 --note "the gateway says it is mended"`,
    )
    .addCommand(listCommand(kinds))
    .addCommand(showCommand(kinds))
  for (const each of decisionCommands(kinds)) command.addCommand(each)
  return command
}
