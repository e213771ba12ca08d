import { Command, InvalidArgumentError } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption, personName } from '../../cli/current-user.ts'
import { forEach, ONE_LINE_EACH } from '../../cli/each.ts'
import { severalOf } from '../../cli/options.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Actor } from '../../operators/acting.ts'
import type { CommandResult, Person } from '../../operators/person-commands.ts'
import { filterOption } from '../../orders/cli/filter-options.ts'
import type { Session } from '../../postgres/session.ts'
import { approveWriteOff, assignBreak, declineWriteOff, noteOnBreak } from '../break-commands.ts'
import { BREAK_FIELDS, BREAK_KEYS, breakSelectionOf, narrowsBreaks } from '../break-filter.ts'
import { type ProposeOptions, proposeBreaks } from './break-proposals.ts'
import { orRefuse } from './order-resolution.ts'

interface BreakCommand {
  readonly name: string
  readonly description: string
  readonly done: string
  readonly work: (
    session: Session,
    breakId: number,
    person: Person,
    onePersonTeam: boolean,
  ) => Promise<CommandResult<object>>
}

const BREAK_COMMANDS: readonly BreakCommand[] = [
  {
    name: 'note',
    description: "add a note to a break's history, or to several",
    done: 'noted',
    work: noteOnBreak,
  },
  {
    name: 'approve',
    description: 'approve what another person proposed, of one break or several: they are written off',
    done: 'written off',
    work: approveWriteOff,
  },
  {
    name: 'reject',
    description: 'reject what was proposed, of one break or several: they stay open',
    done: 'rejected: it stays open',
    work: declineWriteOff,
  },
]

/** `goldpro recon breaks assign|note|propose|approve|reject` */
export function decisionCommands(): Command[] {
  return [assignCommand(), proposeCommand(), ...BREAK_COMMANDS.map(breakCommand)]
}

function assignCommand(): Command {
  return new Command('assign')
    .description('assign a break to a person, or several')
    .argument('<break...>', 'their numbers', breakNumbers)
    .requiredOption('--to <name>', 'who looks at it', personName)
    .addOption(byOption('who assigns'))
    .addHelpText('after', `\n${ONE_LINE_EACH}\n\nExample:\n  $ goldpro recon breaks assign 12 13 --to ani`)
    .action(async (breakIds: readonly number[], { to, ...actor }: Actor & { to: string }) => {
      await withSessionHere(await settingsHere(), (session) =>
        forEach(breakIds, async (breakId) => {
          orRefuse(await assignBreak(session, breakId, { ...actor, to }))
          console.log(`break ${breakId} is assigned to ${shownText(to)}`)
        }),
      )
    })
}

function breakCommand({ name, description, done, work }: BreakCommand): Command {
  return new Command(name)
    .description(description)
    .argument('<break...>', 'their numbers', breakNumbers)
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who decides'))
    .addHelpText('after', `\n${ONE_LINE_EACH}\n\nExample:\n  $ goldpro recon breaks ${name} 12 13 --note "…"`)
    .action(async (breakIds: readonly number[], person: Person) => {
      const settings = await settingsHere()
      await withSessionHere(settings, (session) =>
        forEach(breakIds, async (breakId) => {
          orRefuse(await work(session, breakId, person, settings.onePersonTeam))
          console.log(`break ${breakId} ${done}`)
        }),
      )
    })
}

function proposeCommand(): Command {
  const command = new Command('propose')
    .description('propose to write breaks off, by number or by filter; another person approves it')
    .argument('[break...]', 'their numbers; none: all of the filter', breakNumbers)
  return breakFilterOptions(command)
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .option('--dry-run', 'only show which breaks the filter has')
    .option('--yes', 'propose all breaks of the filter without asking; required outside a terminal')
    .addOption(byOption('who decides'))
    .addHelpText(
      'after',
      `
A filter first shows how many breaks it has and their rupiah and grams at risk.
${ONE_LINE_EACH}

Example:
  $ goldpro recon breaks propose 12 --note "…"
  $ goldpro recon breaks propose --type fee_differs --older-than 3 --note "one rupiah each" --dry-run
  $ goldpro recon breaks propose --type fee_differs --older-than 3 --note "one rupiah each" --yes`,
    )
    .action(async (breakIds: readonly number[], options: ProposeOptions) => {
      const selection = breakSelectionOf(options)
      await proposeBreaks(breakIds, narrowsBreaks(selection) ? selection : null, options)
    })
}

/** Adds the filter of breaks to a command. */
export function breakFilterOptions(command: Command): Command {
  for (const key of BREAK_KEYS) command.addOption(filterOption(BREAK_FIELDS[key]))
  return command
}

export function breakNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('must be a whole number above 0')
}

const breakNumbers = severalOf(breakNumber)
