import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { formatCount, formatMoney } from '../../core/format.ts'
import type { Person } from '../../operators/person-commands.ts'
import { awaitConfirms, type ConfirmsOut } from '../await-confirms.ts'
import { type Closed, closeSwitch } from '../commands.ts'
import type { SwitchScope } from '../scope.ts'
import { scopeArgument } from './scope-argument.ts'

interface CloseOptions extends Person {
  readonly extendDeadlines?: true
  readonly wait: number
  readonly json?: true
}

const seconds = parsedBy(
  (text) => (/^\d{1,4}$/.test(text) ? Number(text) : null),
  'a whole number of seconds, at most 9999',
)

/** `goldpro switch close` */
export function closeCommand(): Command {
  return new Command('close')
    .description('send no more confirms, from now on and in every worker; then wait for those that are out')
    .addArgument(scopeArgument())
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who closes it'))
    .option(
      '--extend-deadlines',
      'let the deadlines of the orders that wait stand still; otherwise they keep running',
    )
    .option('--wait <seconds>', 'how long to wait for the confirms that are out', seconds, 60)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
It is closed once this command says so, before it waits: Ctrl-C then ends only the waiting. Orders are still accepted,
and wait. Exit code 1: confirms were still out when the time was over; the switch is closed all the same.

Example:
  $ goldpro switch close everything --note "the gateway answers nonsense"
  $ goldpro switch close partner:acme --note "their key leaked" --extend-deadlines`,
    )
    .action(async (scope: SwitchScope, { extendDeadlines, wait, json, ...person }: CloseOptions) => {
      await withSessionHere(await settingsHere(), async (session) => {
        const answer = await closeSwitch(session, person, scope, {
          extendsDeadlines: extendDeadlines === true,
        })
        if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
        if (!json) console.log(closedText(answer))
        const left = await awaitConfirms(session, scope, wait * 1_000, (out) => {
          if (!json && out.confirms > 0) console.error(`waiting for ${outText(out)}`)
        })
        if (json) console.log(JSON.stringify(asJson(answer, left)))
        if (left.confirms > 0)
          throw new Failure(
            1,
            `the switch is closed, and ${outText(left)} still out: they end by themselves, or become doubts`,
          )
        if (!json) console.log('no confirm is out')
      })
    })
}

const outText = ({ confirms, rupiah }: ConfirmsOut) =>
  `${formatCount(confirms)} confirm${confirms === 1 ? '' : 's'} of ${formatMoney(rupiah)}`

function closedText({ closing, wasClosed }: Closed): string {
  const { scope, closedBy, closedAt, reason, extendsDeadlines } = closing
  const deadlines = extendsDeadlines ? 'stand still' : 'keep running'
  return wasClosed
    ? `${scope} was closed already, since ${shownTime(closedAt)} by ${shownText(closedBy)}: ${shownText(reason)}; deadlines ${deadlines}`
    : `${scope} is closed since ${shownTime(closedAt)}; deadlines ${deadlines}`
}

function asJson({ closing, wasClosed }: Closed, left: ConfirmsOut): Record<string, unknown> {
  const { closingId, scope, closedBy, closedAt, reason, extendsDeadlines } = closing
  return {
    closingId,
    scope,
    closedBy: shownText(closedBy),
    closedAt,
    reason: shownText(reason),
    extendsDeadlines,
    wasClosed,
    confirmsOut: left.confirms,
    rupiahOut: left.rupiah,
  }
}
