import { Command } from 'commander'
import { settingsHere, withDatabase, withSessionHere } from '../cli/context.ts'
import { byOption } from '../cli/current-user.ts'
import { Failure } from '../cli/failure.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../cli/rows.ts'
import { shownText } from '../cli/shown-text.ts'
import { shownTime } from '../cli/shown-time.ts'
import { table } from '../cli/table.ts'
import { formatCount } from '../core/format.ts'
import type { CommandResult, Person } from '../operators/person-commands.ts'
import type { Session } from '../postgres/session.ts'
import { proposeRelease, type Recovered, recoverDatabase } from './commands.ts'
import { listRecoveries } from './store.ts'

const MOST_LISTED = 50

/** `goldpro recover` */
export function recoverCommand(): Command {
  const command = new Command('recover')
    .description('after a restore or a failover: hold what may have been executed since, and let the rest go')
    .addHelpText(
      'after',
      `
A restored or promoted database sends nothing until this is done. Run \`recover orders\`, import complete statements of
the time that it names, run \`recover orders\` again for what has come in, and \`recover release\`; another person approves.
Then two people open each switch that \`goldpro switch show\` lists. When nothing is held, as after a planned failover, there is
nothing to release. docs/runbook.md has the drill, and the commands of a failover that loses nothing.

Example:
  $ goldpro recover orders --note "restored last night's backup"
  $ goldpro recover release --note "statements of the night are imported"
  $ goldpro approvals approve 1 --note "seen" --by budi`,
    )
  command.addCommand(
    personsCommand('orders', 'hold every accepted order, and close the switches of batches and plans').action(
      async ({ json, ...person }: Options) => {
        const done = await inSessionHere((session) => recoverDatabase(session, person))
        if (json) console.log(JSON.stringify(done))
        else console.log(describeRecovered(done))
      },
    ),
  )
  command.addCommand(
    personsCommand('release', 'propose to release the held orders that no statement may have').action(
      async ({ json, ...person }: Options) => {
        const done = await inSessionHere((session) => proposeRelease(session, person))
        if (json) console.log(JSON.stringify(done))
        else
          console.log(
            `request ${done.requestId}: of ${formatCount(done.held)} held orders, ${formatCount(done.maybeExecuted)} may be in a statement and stay held; the others are released once another person approves`,
          )
      },
    ),
  )
  return command.addCommand(listCommand())
}

function describeRecovered({ recoveryId, held, closed, from, to }: Recovered): string {
  const done = `recovery ${recoveryId}: ${formatCount(held)} orders are held, ${formatCount(closed)} switches of batches and plans are closed`
  const gap = `${shownTime(from)} to ${shownTime(to)}`
  return held === 0
    ? `${done}\nnothing is held, so nothing needs a release. Was anything lost from ${gap}? Partners who send it again send it twice: let two people open the switches (goldpro switch show) once you know`
    : `${done}\nonly statements know what was executed from ${gap}: import them`
}

interface Options extends Person {
  readonly json?: true
}

function personsCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who does it'))
    .option('--json', 'print one JSON object')
}

async function inSessionHere<T>(work: (session: Session) => Promise<CommandResult<T>>) {
  const answer = await withSessionHere(await settingsHere(), work)
  if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
  return answer
}

function listCommand(): Command {
  const command = new Command('list').description(
    'list recoveries, the newest first, with the orders that they still hold',
  )
  return rowFormatOptions(command).action(async (format: RowFormat) => {
    const rows = await withDatabase(await settingsHere(), (database) =>
      listRecoveries(database, { limit: MOST_LISTED }),
    )
    const shown = rows.map((row) => ({
      ...row,
      recoveredBy: shownText(row.recoveredBy),
      note: shownText(row.note),
    }))
    printRows(format, {
      jsonLines: () => jsonLinesOf(shown),
      text: () =>
        shown.length === 0
          ? 'this database was never recovered'
          : table(
              ['recovery', 'unknown from', 'to', 'statements', 'held', 'by', 'note'],
              shown.map((row) => [
                String(row.recoveryId),
                shownTime(row.aliveAt),
                shownTime(row.foundAt),
                row.isGapCovered ? 'complete' : 'missing',
                row.held,
                row.recoveredBy,
                row.note,
              ]),
              ['recovery'],
            ),
    })
  })
}
