import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { parsedBy } from '../../cli/options.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownText } from '../../cli/shown-text.ts'
import { table } from '../../cli/table.ts'
import { listHolidaysOf } from '../store.ts'
import { importHolidays, proposeYear } from './propose-holidays.ts'

/** `goldpro holidays …` */
export function holidaysCommand(): Command {
  const command = new Command('holidays')
    .description('the days, besides Saturdays and Sundays, from which plans move to a business day')
    .addHelpText('after', HELP)
  for (const each of [listCommand(), importCommand(), proposeCommand()]) command.addCommand(each)
  return command
}

const HELP = `
Two people set the holidays of a year: one proposes them, another approves the request. Due times that have no run yet then
move as their plans say (\`goldpro plan add --weekend\`); what was placed is never placed again.

From a year's list to due times that respect it:
  $ goldpro holidays propose 2026 --note "as the joint decree has them" --by ani
  $ goldpro approvals approve 1 --note "compared with the decree" --by budi
  $ goldpro holidays list --year 2026
  $ goldpro plan show savings`

const year = parsedBy((text) => (/^20\d\d$/.test(text) ? Number(text) : null), 'a year such as 2026')

function listCommand(): Command {
  const command = new Command('list')
    .description('list the holidays that two people have approved')
    .option('--year <year>', 'of this year', year)
    .addHelpText('after', '\nExample:\n  $ goldpro holidays list --year 2026')
  return rowFormatOptions(command).action(
    async ({ year, ...format }: { readonly year?: number } & RowFormat) => {
      const years = year === undefined ? null : [year]
      const found = await withDatabase(await settingsHere(), (database) =>
        listHolidaysOf(database, { years }),
      )
      printRows(format, { jsonLines: () => jsonLinesOf(found), text: () => listText(found) })
    },
  )
}

function listText(found: readonly ApprovedHoliday[]): string {
  if (found.length === 0)
    return 'no holidays are approved: `goldpro holidays --help` tells how to propose them'
  const rows = found.map(({ day, name, source, requestId }) => [
    ...[`${weekdayOf(day)} ${day}`, shownText(name), shownText(source ?? '–'), String(requestId)],
  ])
  return table(['date', 'name', 'source', 'request'], rows)
}

type ApprovedHoliday = Awaited<ReturnType<typeof listHolidaysOf>>[number]

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const weekdayOf = (day: string) => WEEKDAYS[new Date(day).getUTCDay()]

const withReason = (command: Command): Command =>
  command
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who proposes it'))
    .option('--json', 'print the request as JSON')

function importCommand(): Command {
  const command = new Command('import')
    .description('propose the holidays of a file; they hold once another person approves')
    .argument('<file>', 'CSV with the columns date and name, and source if you like; - for standard input')
  return withReason(command)
    .addHelpText(
      'after',
      `
A file has all holidays of each year that it names: approving it replaces those years, and leaves others alone.

Example:
  $ printf 'date,name\\n2026-03-19,Nyepi\\n' > holidays.csv
  $ goldpro holidays import holidays.csv --note "those of our bank" --by ani`,
    )
    .action(importHolidays)
}

function proposeCommand(): Command {
  const command = new Command('propose')
    .description("propose Indonesia's holidays of a year, as they come with the program")
    .argument('<year>', 'such as 2026', year)
  return withReason(command)
    .addHelpText(
      'after',
      `
The list is a proposal: compare it with the joint decree of the three ministers (SKB 3 Menteri) before you approve. Days that
the decree had not settled when this program was made are marked EXPECTED.

Example:
  $ goldpro holidays propose 2026 --note "as the joint decree has them" --by ani`,
    )
    .action(proposeYear)
}
