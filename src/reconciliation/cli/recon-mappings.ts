import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { errorCode, Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { describeProblems } from '../../core/field-problems.ts'
import { readStrictJson } from '../../core/strict-json.ts'
import { type Actor, databaseOf } from '../../operators/acting.ts'
import { parseMapping } from '../statements/mapping.ts'
import { addMapping, listMappings, readMapping } from '../statements/mappings.ts'
import { proposeCommand } from './recon-mappings-propose.ts'

/** `goldpro recon mappings …` */
export function mappingsCommand(): Command {
  const command = new Command('mappings').description(
    "how a source's statements are read: columns, signs, dates, kinds",
  )
  for (const each of [listCommand(), showCommand(), addCommand(), proposeCommand()]) command.addCommand(each)
  return command
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list the mappings with all versions')
    .addHelpText('after', '\nExample:\n  $ goldpro recon mappings list')
  return rowFormatOptions(command).action(async (format: RowFormat) => {
    const mappings = await withDatabase(await settingsHere(), listMappings)
    printRows(format, {
      jsonLines: () => jsonLinesOf(mappings),
      text: () =>
        table(
          ['mapping', 'version', 'by', 'since'],
          mappings.map(({ name, version, createdBy, createdAt }) => [
            name,
            String(version),
            createdBy,
            shownTime(createdAt),
          ]),
          ['version'],
        ),
    })
  })
}

function showCommand(): Command {
  return new Command('show')
    .description('print a mapping as the JSON that `add` takes')
    .argument('<name>', 'as `list` shows it')
    .option('--version <number>', 'default: the newest', parsedBy(wholeNumber, 'a whole number above 0'))
    .addHelpText('after', '\nExample:\n  $ goldpro recon mappings show sandbox > gateway.json')
    .action(async (name: string, { version }: { version?: number }) => {
      const { mapping } = await withDatabase(await settingsHere(), (database) =>
        readMapping(database, name, version ?? null),
      )
      console.log(JSON.stringify(mapping, null, 2))
    })
}

function addCommand(): Command {
  return new Command('add')
    .description('store a mapping; a name that exists gets its next version')
    .argument(
      '<name>',
      'a name of your choice',
      parsedBy(mappingName, 'letters, digits, - and _, at most 40'),
    )
    .argument('<file>', 'its JSON; start from the output of `propose`, or of `show sandbox`')
    .addOption(byOption('who adds it'))
    .addHelpText(
      'after',
      `
Beside columns and kinds a mapping may have (docs/reconciliation.md explains each field):
  parts         "joined": rows below each other with one session_id are one transaction, and are added up
  sheet         "Mutasi": the sheet of a workbook, unless only one has a value
  header_row    4, or "found": where the columns' names stand, unless in the first row
  ignored_rows  [{ "column": "Tanggal", "values": ["Subtotal", "Halaman *"] }]
  trailer       { "column": "Tanggal", "values": ["Total"], "totals": ["amount"] }
  decimal       "," for 0,5 g; thousands "." for Rp 441.690,-
  dates         "iso", or a pattern: "dd/MM/yyyy HH:mm:ss", "dd MMM yyyy HH.mm", "EEEE, dd MMMM yyyy HH:mm WIB"
A pattern that can read no date is refused here.

Example:
  $ goldpro recon mappings add gateway gateway.json`,
    )
    .action(async (name: string, file: string, actor: Actor) => {
      const mapping = parseMapping(await readJson(file))
      const version = await withDatabase(await settingsHere(), (database) =>
        addMapping(databaseOf(database, actor), name, mapping, actor.by),
      )
      console.log(`mapping ${name}, version ${version}`)
    })
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(2, `cannot read ${file} (${errorCode(error)})`)
  })
  const json = readStrictJson(text)
  switch (json.is) {
    case 'read':
      return json.value
    case 'not_json':
      throw new Failure(2, `cannot read ${file} (not JSON)`)
    case 'refused':
      throw new Failure(2, `cannot read ${file} (${describeProblems(json.problems)})`)
  }
}

const wholeNumber = (text: string) => (/^[1-9]\d{0,6}$/.test(text) ? Number(text) : null)
const mappingName = (text: string) => (/^[\w-]{1,40}$/.test(text) ? text : null)
