import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { readyDatabaseUrl, settingsHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { errorCode, Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { endSignal } from '../../cli/signals.ts'
import type { Settings } from '../../config.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { type Session, withSession } from '../../postgres/session.ts'
import { StorageError } from '../../postgres/storage-error.ts'
import { type Arrival, findArrivals } from '../inbox/arrivals.ts'
import { type Taken, takeArrival } from '../inbox/take-arrival.ts'
import { reconcileAll } from '../run-all.ts'
import { printImport } from './recon-import.ts'
import { printRun } from './recon-run.ts'

interface Options extends Actor {
  readonly complete?: true
  readonly mapping?: string
  readonly once?: true
  readonly every: number
}

const seconds = parsedBy(
  (text) => (/^[1-9]\d{0,3}$/.test(text) ? Number(text) : null),
  'from 1 to 9999 seconds',
)

/** `goldpro recon inbox` */
export function inboxCommand(): Command {
  return new Command('inbox')
    .description('import the statements that arrive in a folder, and reconcile, until Ctrl-C')
    .argument('[folder]', 'a folder with one folder for each source; default: STATEMENT_INBOX')
    .option('--complete', 'each file has every transaction of the period that its name says')
    .option('--mapping <name>', 'how all files are read; default: for each source the mapping of its name')
    .option('--once', 'import what is there, and end; exit code 1 when a file was refused')
    .option('--every <seconds>', 'how often to look', seconds, 30)
    .addOption(byOption('who imports them'))
    .addHelpText(
      'after',
      `
The folder of a source has the source's name; \`goldpro recon import\` says gateway where no other is named. A file is taken ten
seconds after it was last written to, and is moved to the folder imported or refused beside it; a refused one gets a text that
says why. Names that begin with a dot or end with .part or .tmp are left alone. A day or days in the name of a file are its
period: 2026-02-09.csv, bank_2026-02-01..2026-02-28.csv.gz.

Example:
  $ mkdir -p statements/gateway && mv statement-2026-02-09.csv statements/gateway/
  $ goldpro recon inbox statements --mapping sandbox --complete --once`,
    )
    .action(watchInbox)
}

async function watchInbox(given: string | undefined, options: Options): Promise<void> {
  const settings = await settingsHere()
  const inbox = given ?? settings.statementInbox
  if (inbox === null) throw new Failure(2, 'name the folder, or set STATEMENT_INBOX')
  const databaseUrl = await readyDatabaseUrl(settings)
  const look = async () => {
    const arrivals = await findArrivals(inbox, Date.now()).catch((error: unknown) => {
      throw new Failure(2, `cannot read the folder ${shownText(inbox)} (${errorCode(error)})`)
    })
    if (arrivals.length === 0) return 0
    return await withSession(databaseUrl, (session) => takeAll(session, arrivals, settings, options))
  }
  if (options.once) {
    const refusedCount = await look()
    if (refusedCount > 0)
      throw new Failure(1, `${refusedCount} refused: see the folder refused of each source`)
    return
  }
  const ended = new AbortController()
  endSignal().then(() => ended.abort())
  console.error(`looking into ${shownText(inbox)} every ${options.every} s, until Ctrl-C`)
  while (!ended.signal.aborted) {
    await look().catch(sayOutage)
    await wait(options.every * 1_000, undefined, { signal: ended.signal }).catch(() => {})
  }
}

/** An outage of the database is said, and waited for: the files stay where they are. */
function sayOutage(error: unknown): void {
  if (!(error instanceof StorageError)) throw error
  console.error(`${shownTime(new Date())}  the database does not answer (${error.code}): tried again`)
}

/** @returns how many files were refused */
async function takeAll(
  session: Session,
  arrivals: readonly Arrival[],
  settings: Settings,
  options: Options,
): Promise<number> {
  const acting = sessionOf(session, options)
  const all: Taken[] = []
  for (const arrival of arrivals) {
    const { complete = false, mapping = null, by } = options
    const request = { complete, mapping, by, nowMs: Date.now() }
    const taken = await takeArrival(acting, arrival, request)
    all.push(taken)
    console.log(printTaken(arrival, taken).join('\n'))
  }
  // Also after a file that was imported before: a process that died may not have reconciled it.
  if (all.some(({ is }) => is === 'imported' || is === 'already_imported')) {
    const run = await reconcileAll(acting, { by: options.by, lagMs: settings.reconLagMs })
    if (run !== null) console.log(printRun(run, false).join('\n'))
  }
  return all.filter(({ is }) => is === 'refused').length
}

function printTaken({ source, fileName }: Arrival, taken: Taken): string[] {
  const file = shownText(`${source}/${fileName}`)
  switch (taken.is) {
    case 'imported':
      return [`${file}: imported`, ...printImport({ is: 'imported', ...taken.imported })]
    case 'already_imported':
      return [`${file}: ${shownText(taken.reason)}`]
    case 'gone':
      return [`${file}: another process has taken it`]
    case 'refused':
      return [`${file}: refused`, ...taken.reason.split('\n').map((line) => `  ${shownText(line)}`)]
  }
}
