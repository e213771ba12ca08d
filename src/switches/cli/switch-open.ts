import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Person } from '../../operators/person-commands.ts'
import { proposeOpening } from '../commands.ts'
import { formatScope, type SwitchScope } from '../scope.ts'
import { scopeArgument } from './scope-argument.ts'

/** `goldpro switch open` */
export function openCommand(): Command {
  return new Command('open')
    .description('propose to open a closed switch; it opens when another person approves')
    .addArgument(scopeArgument())
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who proposes it'))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Workers take up the orders that waited within seconds of the approval.

Example:
  $ goldpro switch open everything --note "the gateway is mended"
  $ goldpro approvals approve 1 --note "seen the gateway's own report"`,
    )
    .action(async (scope: SwitchScope, { json, ...person }: Person & { readonly json?: true }) => {
      const answer = await withSessionHere(await settingsHere(), (session) =>
        proposeOpening(session, person, scope),
      )
      if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
      const { requestId } = answer
      if (json) console.log(JSON.stringify({ scope: formatScope(scope), requestId }))
      else
        console.log(
          `${formatScope(scope)} stays closed until another person approves request ${requestId}: \`goldpro approvals approve ${requestId} --note "…"\``,
        )
    })
}
