import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { forEach, ONE_LINE_EACH } from '../../cli/each.ts'
import { Failure } from '../../cli/failure.ts'
import { severalOf } from '../../cli/options.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { AnyChangeKind } from '../change-kind.ts'
import { approveChange, declineChange } from '../commands.ts'
import { requestNumber } from './request-number.ts'

/** `goldpro approvals approve` and `decline` */
export function decisionCommands(kinds: readonly AnyChangeKind[]): Command[] {
  return [
    decisionCommand(
      'approve',
      'approve a change that another person proposed, and carry it out, or several',
    ).action(async (requestIds: readonly number[], person: Person) => {
      const settings = await settingsHere()
      const { onePersonTeam } = settings
      await forEach(requestIds, async (requestId) => {
        const answer = await withSessionHere(settings, (session) =>
          approveChange(session, person, requestId, { kinds, onePersonTeam }),
        )
        if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
        console.log(`request ${requestId} is approved and carried out`)
        if (answer.alone) console.log('NOBODY ELSE HAS LOOKED AT THIS: ONE_PERSON is set')
      })
    }),
    decisionCommand('decline', 'decline a change, or several: nothing changes').action(
      async (requestIds: readonly number[], person: Person) => {
        const settings = await settingsHere()
        await forEach(requestIds, async (requestId) => {
          const answer = await withSessionHere(settings, (session) =>
            declineChange(session, person, requestId),
          )
          if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
          console.log(`request ${requestId} is declined`)
        })
      },
    ),
  ]
}

function decisionCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<request...>', 'their numbers', severalOf(requestNumber))
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who decides'))
    .addHelpText('after', `\n${ONE_LINE_EACH}\n\nExample:\n  $ goldpro approvals ${name} 1 --note "…"`)
}
