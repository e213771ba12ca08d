import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { gapNote, type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import type { RowFormat } from '../../cli/rows.ts'
import { breakSelectionOf, narrowsBreaks } from '../break-filter.ts'
import { countBreaks, listBreaks, readBreak } from '../break-queries.ts'
import { breakFilterOptions, breakNumber, decisionCommands } from './break-decisions.ts'
import { asTable, formatBreak, shownBreak, shownStory } from './break-format.ts'

/** `goldpro recon breaks …` */
export function breaksCommand(): Command {
  const command = new Command('breaks').description('work on differences between statements and orders')
  for (const each of [listCommand(), showCommand(), ...decisionCommands()]) command.addCommand(each)
  return command
}

interface ListOptions extends PageOptions, RowFormat {}

function listCommand(): Command {
  const command = new Command('list').description('list open breaks, the first due first')
  return pageOptions(breakFilterOptions(command))
    .addHelpText('after', '\nExample:\n  $ goldpro recon breaks list --overdue')
    .action(async ({ limit, skip, json, csv, ...options }: ListOptions) => {
      const filter = { ...breakSelectionOf(options), limit, skip }
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
        format: { json, csv },
        jsonLines: () => breaks.map((each) => JSON.stringify(each)),
        table: () => asTable(breaks),
        notes: [
          gapNote(
            breaks.map(({ breakId }) => breakId),
            'those breaks are closed, due later or excluded by the filter',
          ),
        ],
        whenEmpty: narrowsBreaks(filter) ? 'no such open breaks' : 'no open breaks',
      })
    })
}

function showCommand(): Command {
  return new Command('show')
    .description('show a break and its history')
    .argument('<break>', 'its number, as `list` shows it', breakNumber)
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ goldpro recon breaks show 12')
    .action(async (breakId: number, { json }: { json?: true }) => {
      const story = await withDatabase(await settingsHere(), (database) => readBreak(database, breakId))
      if (story === null)
        throw new Failure(1, `there is no break ${breakId}: see \`goldpro recon breaks list\``)
      console.log(json ? JSON.stringify(shownStory(story)) : formatBreak(shownStory(story)))
    })
}
