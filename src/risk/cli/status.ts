import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { readyDatabaseUrl, settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { endSignal } from '../../cli/signals.ts'
import { type Database, openDatabase, StorageError } from '../../postgres/pool.ts'
import { overdueIn, readStatus, type Status } from '../status.ts'
import { formatStatus, formatStatusLine } from './format-status.ts'

interface StatusOptions {
  readonly watch?: true
  readonly every: number
  readonly json?: true
}

/** `goldpro status` */
export function statusCommand(): Command {
  return new Command('status')
    .description('show what puts money at risk and what is overdue, on one screen')
    .option('--watch', 'show it again and again until Ctrl-C: lines where standard output is no terminal')
    .option(
      '--every <seconds>',
      'with --watch: how often, 1 to 3600',
      parsedBy(readSeconds, 'from 1 to 3600'),
      5,
    )
    .option('--json', 'print JSON, one object a line')
    .addHelpText(
      'after',
      `
Orders in doubt, open breaks, confirms under way, held and waiting orders; overdue statements, paused endpoints, batches under
way, and processes that give no sign of life. docs/controls.md says when each is overdue; the views ops.at_risk and
ops.processes have every row.

Exit code 1 when something is overdue, so that a timer can alert. --watch survives an outage of the database, and ends with the
code of what it saw last.

Example:
  $ goldpro status
  $ goldpro status --watch`,
    )
    .action(runStatus)
}

async function runStatus({ watch, every, json }: StatusOptions): Promise<void> {
  const settings = await settingsHere()
  const last = watch
    ? await watchStatus(await readyDatabaseUrl(settings), every * 1_000, json ? printJson : printAgain)
    : await withDatabase(settings, async (database) =>
        printed(await readStatus(database), json ? printJson : printScreen),
      )
  if (last === null) throw new Failure(1, 'the database did not answer')
  const overdue = overdueIn(last)
  if (overdue.length > 0) throw new Failure(1, `overdue: ${overdue.join(', ')}`)
}

function printed(status: Status, print: (status: Status) => void): Status {
  print(status)
  return status
}

/**
 * Shows the status until a signal ends it. An outage is told and waited for.
 * @returns what it saw last; null when the database did not answer
 */
async function watchStatus(
  databaseUrl: string,
  everyMs: number,
  print: (status: Status) => void,
): Promise<Status | null> {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  const ended = new AbortController()
  endSignal().then(() => ended.abort())
  let last: Status | null = null
  try {
    while (!ended.signal.aborted) {
      last = await readOrTell(database)
      if (last !== null) print(last)
      await wait(everyMs, undefined, { signal: ended.signal }).catch(() => {})
    }
    return last
  } finally {
    await database.close()
  }
}

async function readOrTell(database: Database): Promise<Status | null> {
  try {
    return await readStatus(database)
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    console.error(`${shownTime(new Date())}  the database does not answer (${error.code}): tried again`)
    return null
  }
}

const printScreen = (status: Status) => console.log(formatStatus(status))

const CLEAR_SCREEN = '\u001b[2J\u001b[H'

function printAgain(status: Status): void {
  if (process.stdout.isTTY) console.log(CLEAR_SCREEN + formatStatus(status))
  else console.log(formatStatusLine(status))
}

function printJson(status: Status): void {
  const firstDue = status.firstDue.map((risk) => ({
    ...risk,
    reference: shownTextOrNull(risk.reference),
    owner: shownTextOrNull(risk.owner),
    settledBy: shownTextOrNull(risk.settledBy),
  }))
  console.log(JSON.stringify({ ...status, firstDue, overdue: overdueIn(status) }))
}

function readSeconds(text: string): number | null {
  const seconds = Number(text)
  return /^\d{1,4}$/.test(text) && seconds >= 1 && seconds <= 3_600 ? seconds : null
}
