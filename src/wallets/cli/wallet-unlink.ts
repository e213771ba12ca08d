import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { phoneNumberOption } from '../../cli/options.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import type { Person } from '../../operators/person-commands.ts'
import { unlinkWallet } from '../commands.ts'

/** `goldpro wallet unlink` */
export function unlinkCommand(): Command {
  return new Command('unlink')
    .description('refuse orders of every partner for a wallet, at once')
    .argument('<wallet>', 'its phone number', phoneNumberOption)
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who decides'))
    .addHelpText(
      'after',
      `
One person is enough, because this makes things safer. Orders that were accepted before are carried out: cancel or hold them
by \`goldpro orders\`. Only \`goldpro wallet link\` gives the wallet to a partner again.

Example:
  $ goldpro wallet unlink 081234500001 --note "the customer left acme"`,
    )
    .action(async (wallet: string, person: Person) => {
      const answer = await withSessionHere(await settingsHere(), (session) =>
        unlinkWallet(session, person, wallet),
      )
      if (answer.is === 'refused') throw new Failure(1, `${maskPhoneNumber(wallet)}: ${answer.message}`)
      console.log(`${maskPhoneNumber(wallet)} is unlinked from ${answer.partner}`)
    })
}
