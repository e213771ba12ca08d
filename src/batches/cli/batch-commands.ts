import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { formatCount } from '../../core/format.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import type { BatchAnswer, BatchPerson } from '../command-result.ts'
import {
  ALONE,
  approveBatch,
  cancelBatch,
  DEFAULT_RATE_PER_SECOND,
  MAX_RATE_PER_SECOND,
  pauseBatch,
  type RunOrder,
  resumeBatch,
  runBatch,
} from '../commands.ts'

/** A batch's number, as an argument. */
export const batchNumber = parsedBy(
  (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null),
  'a number, as `goldpro batch list` shows it',
)

interface PersonOptions {
  readonly by: string
  readonly note?: string
}

const personOf = ({ by, note }: PersonOptions): BatchPerson => ({ by, note: note ?? null })

/** A command by which a person acts on one batch. */
function personsCommand(name: string, does: string): Command {
  return new Command(name)
    .description(does)
    .argument('<batch>', 'its number', batchNumber)
    .addOption(byOption('who decides'))
    .option('--note <text>', 'why; kept with the batch for ever')
}

async function act<T extends object>(
  work: (session: Session, onePersonTeam: boolean) => Promise<BatchAnswer<T>>,
): Promise<T> {
  const settings = await settingsHere()
  const answer = await withSessionHere(settings, (session) => work(session, settings.onePersonTeam))
  if (answer.is === 'refused') throw new Failure(1, answer.message)
  return answer
}

/** `goldpro batch approve` */
export function approveCommand(): Command {
  return personsCommand('approve', 'approve a batch that another person created')
    .addHelpText(
      'after',
      "\nA partner's batch may be approved here, or by another holder of its keys over HTTP.\n\nExample:\n  $ goldpro batch approve 1 --by budi",
    )
    .action(async (batchId: number, options: PersonOptions) => {
      const { alone, contentHash } = await act((session, onePersonTeam) =>
        approveBatch(session, batchId, personOf(options), onePersonTeam),
      )
      console.log(`batch ${batchId} is approved, content hash ${contentHash}`)
      if (alone) console.log(ALONE)
      console.log(
        `next: \`goldpro batch run ${batchId}\`; or, again and again, \`goldpro plan add NAME --batch ${batchId}\``,
      )
    })
}

interface RunOptions extends PersonOptions {
  readonly at?: Date
  readonly rate: number
  readonly stopAfterFailures?: NonNullable<RunOrder['stopAfter']>
}

/** `goldpro batch run` */
export function runCommand(): Command {
  return personsCommand('run', 'let an approved batch run, now or from a time on')
    .option('--at <time>', '2026-02-25T09:00 in Jakarta, or ISO 8601 with a zone', runTime)
    .option('--rate <n/s>', 'rows sent per second at most', rateOption, DEFAULT_RATE_PER_SECOND)
    .option(
      '--stop-after-failures <n|n%>',
      'pause it after so many rows, or so many of all its rows, failed or are in doubt',
      failuresOption,
    )
    .addHelpText(
      'after',
      `
Rows are sent by \`goldpro scheduler\`, after partners' own orders, at most 500 of them on their way at once.
Before its time has come, a batch can be run again with other settings: the last word counts.

Examples:
  $ goldpro batch run 1
  $ goldpro batch run 1 --at 2026-02-25T09:00 --rate 50/s --stop-after-failures 5%`,
    )
    .action(async (batchId: number, options: RunOptions) => {
      const { at = null, rate: ratePerSecond, stopAfterFailures = null } = options
      const order = { at, ratePerSecond, stopAfter: stopAfterFailures }
      const { rows, stopAfterFailures: stop } = await act(async (session) => {
        // By the clock that decides when it runs.
        if (at !== null && at <= (await databaseClock(session)))
          throw new Failure(2, '--at is over: name a time to come, or leave it out to run now')
        return await runBatch(session, batchId, order, personOf(options))
      })
      const when = at === null ? 'runs' : `runs from ${shownTime(at)} on`
      const until = stop === null ? '' : `, and pauses after ${formatCount(stop)} failures`
      console.log(
        `batch ${batchId} ${when}: ${formatCount(rows)} rows, ${formatCount(ratePerSecond)} a second at most${until}`,
      )
      console.log(
        `next: \`goldpro batch show ${batchId} --watch\`; a \`goldpro scheduler\` or \`goldpro up\` must run`,
      )
    })
}

const MOVES = [
  {
    name: 'pause',
    does: 'keep the unsent rows of a running batch back; what was sent goes on',
    work: pauseBatch,
    done: (unsent: number) => `is paused: ${formatCount(unsent)} rows are not sent`,
  },
  {
    name: 'resume',
    does: 'let a paused batch go on',
    work: resumeBatch,
    done: (unsent: number) => `goes on: ${formatCount(unsent)} rows are to be sent`,
  },
  {
    name: 'cancel',
    does: 'end a batch for good: its unsent rows are never sent; what was sent goes on',
    work: cancelBatch,
    done: (unsent: number) => `is cancelled: ${formatCount(unsent)} rows will not be sent`,
  },
] as const

/** `goldpro batch pause|resume|cancel` */
export function moveCommands(): Command[] {
  return MOVES.map(({ name, does, work, done }) =>
    personsCommand(name, does)
      .addHelpText('after', `\nExample:\n  $ goldpro batch ${name} 1 --note "asked for by phone"`)
      .action(async (batchId: number, options: PersonOptions) => {
        const { unsent } = await act((session) => work(session, batchId, personOf(options)))
        console.log(`batch ${batchId} ${done(unsent)}`)
      }),
  )
}

const runTime = parsedBy((text) => {
  const given = text.replace(' ', 'T')
  // Jakarta's clock where no zone is named.
  const isLocal = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(given)
  if (!isLocal && !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given)) return null
  const at = new Date(isLocal ? `${given}+07:00` : given)
  return Number.isNaN(at.getTime()) ? null : at
}, 'a time such as 2026-02-25T09:00, or 2026-02-25T09:00:00+08:00')

export const rateOption = parsedBy((text) => {
  const value = Number(/^(\d{1,4})(?:\/s)?$/.exec(text)?.[1])
  return value >= 1 && value <= MAX_RATE_PER_SECOND ? value : null
}, `a whole number from 1 to ${MAX_RATE_PER_SECOND}, such as 20/s`)

export const failuresOption = parsedBy((text): RunOrder['stopAfter'] => {
  const [, digits, percent] = /^(\d{1,9})(%)?$/.exec(text) ?? []
  const value = Number(digits)
  if (!(value >= 1) || (percent !== undefined && value > 100)) return null
  return { is: percent === undefined ? 'count' : 'percent', value }
}, 'a whole number above 0, or a share such as 5%')
