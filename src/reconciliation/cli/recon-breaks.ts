import { Command, InvalidArgumentError, Option } from 'commander'
import { settingsHere, withDatabase, withSessionHere } from '../../cli/context.ts'
import { byOption, personName } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { gapNote, type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Actor } from '../../operators/acting.ts'
import type { CommandResult, Person } from '../../operators/person-commands.ts'
import type { Session } from '../../postgres/session.ts'
import {
  approveWriteOff,
  assignBreak,
  declineWriteOff,
  noteOnBreak,
  proposeWriteOff,
} from '../break-commands.ts'
import { countBreaks, listBreaks, readBreak } from '../break-queries.ts'
import { BREAK_TYPES, type BreakType } from '../enums.ts'
import { asTable, formatBreak, shownBreak, shownStory } from './break-format.ts'
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
  { name: 'note', description: "add a note to a break's history", done: 'noted', work: noteOnBreak },
  {
    name: 'propose',
    description: 'propose to write a break off; another person approves it',
    done: 'proposed: it stays open until another person approves it',
    work: proposeWriteOff,
  },
  {
    name: 'approve',
    description: 'approve what another person proposed: the break is written off',
    done: 'written off',
    work: approveWriteOff,
  },
  {
    name: 'reject',
    description: 'reject what was proposed: the break stays open',
    done: 'rejected: it stays open',
    work: declineWriteOff,
  },
]

/** `goldpro recon breaks …` */
export function breaksCommand(): Command {
  const command = new Command('breaks').description('work on differences between statements and orders')
  for (const each of [listCommand(), showCommand(), assignCommand()]) command.addCommand(each)
  for (const each of BREAK_COMMANDS) command.addCommand(breakCommand(each))
  return command
}

interface ListOptions extends PageOptions {
  readonly type?: BreakType
  readonly owner?: string
  readonly overdue?: true
  readonly json?: true
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list open breaks, the first due first')
    .addOption(new Option('--type <type>', 'only of this type').choices(Object.keys(BREAK_TYPES)))
    .option('--owner <name>', 'only those assigned to somebody', personName)
    .option('--overdue', 'only those that are overdue')
  return pageOptions(command)
    .option('--json', 'print JSON lines')
    .addHelpText('after', '\nExample:\n  $ goldpro recon breaks list --overdue')
    .action(async ({ type, owner, overdue, limit, skip, json }: ListOptions) => {
      const filter = { type: type ?? null, owner: owner ?? null, overdueOnly: overdue === true, limit, skip }
      const { found, total } = await withDatabase(await settingsHere(), async (database) => ({
        found: await listBreaks(database, filter),
        total: await countBreaks(database, filter),
      }))
      const breaks = found.map(shownBreak)
      printPage({
        listed: breaks.length,
        total,
        limit,
        skip,
        json: json === true,
        jsonLines: () => breaks.map((each) => JSON.stringify(each)),
        table: () => asTable(breaks),
        notes: [
          gapNote(
            breaks.map(({ breakId }) => breakId),
            'those breaks are closed, due later or excluded by the filter',
          ),
        ],
        whenEmpty: noBreaks(type !== undefined || owner !== undefined || overdue === true),
      })
    })
}

const noBreaks = (isFiltered: boolean) => (isFiltered ? 'no such open breaks' : 'no open breaks')

function showCommand(): Command {
  return new Command('show')
    .description('show a break and its history')
    .argument('<break>', 'its number, as `list` shows it', wholeNumber)
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ goldpro recon breaks show 12')
    .action(async (breakId: number, { json }: { json?: true }) => {
      const story = await withDatabase(await settingsHere(), (database) => readBreak(database, breakId))
      if (story === null)
        throw new Failure(1, `there is no break ${breakId}: see \`goldpro recon breaks list\``)
      console.log(json ? JSON.stringify(shownStory(story)) : formatBreak(shownStory(story)))
    })
}

function assignCommand(): Command {
  return new Command('assign')
    .description('assign a break to a person')
    .argument('<break>', 'its number', wholeNumber)
    .requiredOption('--to <name>', 'who looks at it', personName)
    .addOption(byOption('who assigns'))
    .addHelpText('after', '\nExample:\n  $ goldpro recon breaks assign 12 --to ani')
    .action(async (breakId: number, { to, ...actor }: Actor & { to: string }) => {
      const answer = await withSessionHere(await settingsHere(), (session) =>
        assignBreak(session, breakId, { ...actor, to }),
      )
      orRefuse(answer)
      console.log(`break ${breakId} is assigned to ${shownText(to)}`)
    })
}

function breakCommand({ name, description, done, work }: BreakCommand): Command {
  return new Command(name)
    .description(description)
    .argument('<break>', 'its number', wholeNumber)
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who decides'))
    .addHelpText('after', `\nExample:\n  $ goldpro recon breaks ${name} 12 --note "…"`)
    .action(async (breakId: number, person: Person) => {
      const settings = await settingsHere()
      const answer = await withSessionHere(settings, (session) =>
        work(session, breakId, person, settings.onePersonTeam),
      )
      orRefuse(answer)
      console.log(`break ${breakId} ${done}`)
    })
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('must be a whole number above 0')
}
