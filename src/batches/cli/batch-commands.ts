import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { forEach, ONE_LINE_EACH } from '../../cli/each.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy, severalOf } from '../../cli/options.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { formatCount } from '../../core/format.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import type { CommandPerson, CommandResult } from '../command-result.ts'
import {
  ALONE,
  approveBatch,
  cancelBatch,
  DEFAULT_RATE_PER_SECOND,
  MAX_RATE_PER_SECOND,
  pauseBatch,
  type RunSettings,
  resumeBatch,
  runBatch,
} from '../commands.ts'
import { readPricedTotal, totalLines } from './batch-total.ts'

/** The argument that names a batch. */
export const batchNumber = parsedBy(
  (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null),
  'a number, as `goldpro batch list` shows it',
)

interface PersonOptions extends Actor {
  readonly note?: string
}

const personOf = ({ by, note }: PersonOptions): CommandPerson => ({ by, note: note ?? null })

/** A command that a person gives to one batch. */
function batchPersonCommand(name: string, description: string): Command {
  return personCommand(name, description).argument('<batch>', 'its number', batchNumber)
}

function personCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(byOption('the person who decides'))
    .option('--note <text>', 'the reason; stored permanently in the history of the batch')
}

async function run<T extends object>(
  person: Actor,
  work: (session: Session, onePersonTeam: boolean) => Promise<CommandResult<T>>,
): Promise<T> {
  const settings = await settingsHere()
  const result = await withSessionHere(settings, (session) =>
    work(sessionOf(session, person), settings.onePersonTeam),
  )
  if (result.is === 'refused') throw new Failure(1, result.message)
  return result
}

/** `goldpro batch approve` */
export function approveCommand(): Command {
  return batchPersonCommand('approve', 'approve a batch that another person created')
    .addHelpText(
      'after',
      "\nA partner's batch may be approved here, or by another holder of its keys over HTTP.\n\nExample:\n  $ goldpro batch approve 1",
    )
    .action(async (batchId: number, options: PersonOptions) => {
      const { alone, contentHash, total, pricesBy } = await run(options, async (session, onePersonTeam) => {
        const approved = await approveBatch(session, batchId, personOf(options), onePersonTeam)
        if (approved.is === 'refused') return approved
        return { ...approved, ...(await readPricedTotal(session, batchId)) }
      })
      console.log(`batch ${batchId} is approved, content hash ${contentHash}`)
      for (const line of totalLines(total, pricesBy, 17)) console.log(`  ${line}`)
      if (alone) console.log(ALONE)
      console.log(
        `next: \`goldpro batch run ${batchId}\`, or \`goldpro plan add NAME --batch ${batchId}\` to run it regularly`,
      )
    })
}

interface RunOptions extends PersonOptions {
  readonly at?: Date
  readonly rate: number
  readonly stopAfterFailures?: NonNullable<RunSettings['stopAfter']>
}

/** `goldpro batch run` */
export function runCommand(): Command {
  return batchPersonCommand('run', 'run an approved batch, now or from a given time on')
    .option('--at <time>', 'such as 2026-02-25T09:00, in Jakarta; or ISO 8601 with a zone', runTime)
    .option(
      '--rate <n/s>',
      'the highest number of rows to send per second',
      rateOption,
      DEFAULT_RATE_PER_SECOND,
    )
    .option(
      '--stop-after-failures <n|n%>',
      'pause it once this number, or this percentage of all its rows, failed or are in doubt',
      failuresOption,
    )
    .addHelpText(
      'after',
      `
\`goldpro scheduler\` sends the rows, with a lower priority than other orders, and keeps at most 500 of them open at once.
Until the batch has started, it can be run again with other settings. The last ones count.

Examples:
  $ goldpro batch run 1
  $ goldpro batch run 1 --at 2026-02-25T09:00 --rate 50/s --stop-after-failures 5%`,
    )
    .action(async (batchId: number, options: RunOptions) => {
      const { at = null, rate: ratePerSecond, stopAfterFailures = null } = options
      const runSettings = { at, ratePerSecond, stopAfter: stopAfterFailures }
      const { rows, stopAfterFailures: stop } = await run(options, async (session) => {
        // Compared by the clock that decides when it runs.
        if (at !== null && at <= (await databaseClock(session)))
          throw new Failure(2, '--at is in the past: give a time in the future, or leave it out to run now')
        return await runBatch(session, batchId, runSettings, personOf(options))
      })
      const when = at === null ? 'runs' : `runs from ${shownTime(at)} on`
      const until = stop === null ? '' : `, and pauses after ${formatCount(stop)} failures`
      console.log(
        `batch ${batchId} ${when}: ${formatCount(rows)} rows, ${formatCount(ratePerSecond)} a second at most${until}`,
      )
      console.log(
        `next: \`goldpro batch show ${batchId} --watch\`; \`goldpro scheduler\` or \`goldpro up\` must be running`,
      )
    })
}

const MOVES = [
  {
    name: 'pause',
    description: 'stop sending the rows of a running batch; orders that were sent go on',
    work: pauseBatch,
    done: (unsent: number) => `is paused: ${formatCount(unsent)} rows are not sent`,
  },
  {
    name: 'resume',
    description: 'resume a paused batch',
    work: resumeBatch,
    done: (unsent: number) => `is running again: ${formatCount(unsent)} rows are still to be sent`,
  },
  {
    name: 'cancel',
    description: 'end a batch for good: unsent rows are never sent; orders that were sent go on',
    work: cancelBatch,
    done: (unsent: number) => `is cancelled: ${formatCount(unsent)} rows will not be sent`,
  },
] as const

/** `goldpro batch pause|resume|cancel` */
export function moveCommands(): Command[] {
  return MOVES.map(({ name, description, work, done }) =>
    personCommand(name, `${description}, or several`)
      .argument('<batch...>', 'their numbers', severalOf(batchNumber))
      .addHelpText(
        'after',
        `\n${ONE_LINE_EACH}\n\nExample:\n  $ goldpro batch ${name} 1 --note "requested by phone"`,
      )
      .action(async (batchIds: readonly number[], options: PersonOptions) => {
        await forEach(batchIds, async (batchId) => {
          const { unsent } = await run(options, (session) => work(session, batchId, personOf(options)))
          console.log(`batch ${batchId} ${done(unsent)}`)
        })
      }),
  )
}

export const runTime = parsedBy((text) => {
  const given = text.replace(' ', 'T')
  // A time without a zone is Jakarta's.
  const isLocal = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(given)
  if (!isLocal && !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given)) return null
  const at = new Date(isLocal ? `${given}+07:00` : given)
  return Number.isNaN(at.getTime()) ? null : at
}, 'a time such as 2026-02-25T09:00, or 2026-02-25T09:00:00+08:00')

export const rateOption = parsedBy((text) => {
  const value = Number(/^(\d{1,4})(?:\/s)?$/.exec(text)?.[1])
  return value >= 1 && value <= MAX_RATE_PER_SECOND ? value : null
}, `a whole number from 1 to ${MAX_RATE_PER_SECOND}, such as 20/s`)

export const failuresOption = parsedBy((text): RunSettings['stopAfter'] => {
  const [, digits, percent] = /^(\d{1,9})(%)?$/.exec(text) ?? []
  const value = Number(digits)
  if (!(value >= 1) || (percent !== undefined && value > 100)) return null
  return { is: percent === undefined ? 'count' : 'percent', value }
}, 'a whole number above 0, or a share such as 5%')
