import { Command } from 'commander'
import { linkCommand } from './wallet-link.ts'
import { listCommand } from './wallet-list.ts'
import { policyCommand } from './wallet-policy.ts'
import { showCommand } from './wallet-show.ts'
import { unlinkCommand } from './wallet-unlink.ts'

/** `goldpro wallet …` */
export function walletCommand(): Command {
  const command = new Command('wallet').description(
    'say whose wallet is whose: only its partner’s orders are accepted for it',
  )
  for (const each of [listCommand(), showCommand(), linkCommand(), unlinkCommand(), policyCommand()])
    command.addCommand(each)
  return command
}
