import { Command } from 'commander'
import { closeCommand } from './switch-close.ts'
import { openCommand } from './switch-open.ts'
import { showCommand } from './switch-show.ts'

/** `goldpro switch` */
export function switchCommand(): Command {
  return new Command('switch')
    .description('stop confirms of everything, a kind, a partner, a batch or a plan, and let them go again')
    .addHelpText(
      'after',
      `
One person closes a switch; two open it. See docs/controls.md.

Example:
  $ goldpro switch close everything --note "the gateway answers nonsense"
  $ goldpro switch show
  $ goldpro switch open everything --note "the gateway is mended"`,
    )
    .addCommand(closeCommand())
    .addCommand(openCommand())
    .addCommand(showCommand())
}
