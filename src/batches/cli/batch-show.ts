import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { shownDetail, shownTime } from '../../cli/shown-time.ts'
import { formatCount, formatDecimal } from '../../core/format.ts'
import { maskPhoneNumbersIn } from '../../core/masking.ts'
import type { Database } from '../../postgres/pool.ts'
import { progressCountsOf } from '../progress.ts'
import { type BatchEvent, type BatchProgress, readBatchEvents, readProgress } from '../queries.ts'
import { listRetriesOf } from '../retry-links.ts'
import { batchNumber } from './batch-commands.ts'
import { type PricedTotal, readPricedTotal, totalLines } from './batch-total.ts'

const WATCH_EVERY_MS = 1_000
/** The names of the total are longer than the other names. */
const NAME_WIDTH = 17

/** `goldpro batch show ID` */
export function showCommand(): Command {
  return new Command('show')
    .description('show the progress and the history of a batch')
    .argument('<batch>', 'its number', batchNumber)
    .option('--watch', 'show the progress repeatedly until the batch has ended')
    .option('--json', 'print it as JSON; with --watch, a line a second')
    .addHelpText(
      'after',
      `
failed: rejected, expired, cancelled or in conflict. in doubt: sent with an unknown result, see docs/runbook.md.

Example:
  $ goldpro batch show 1 --watch`,
    )
    .action(async (batchId: number, { watch, json }: { watch?: true; json?: true }) => {
      await withDatabase(await settingsHere(), (database) =>
        watch ? watchBatch(database, batchId, json === true) : show(database, batchId, json === true),
      )
    })
}

async function show(database: Database, batchId: number, json: boolean): Promise<void> {
  const progress = await requireProgress(database, batchId)
  const events = (await readBatchEvents(database, batchId)).map(withMaskedNote)
  const retries = await listRetriesOf(database, batchId)
  // What somebody approves or runs next. Later the orders say what they cost.
  const isToCome = progress.state === 'checked' || progress.state === 'approved'
  const priced = isToCome ? await readPricedTotal(database, batchId) : null
  console.log(
    json
      ? JSON.stringify({ ...progress, retries, events, ...priced })
      : formatBatch(progress, retries, events, priced),
  )
}

/** A note is free text and may contain a phone number. */
function withMaskedNote(event: BatchEvent): BatchEvent {
  const note = event.detail?.note
  if (typeof note !== 'string') return event
  return { ...event, detail: { ...event.detail, note: maskPhoneNumbersIn(note) } }
}

/** The progress of a batch. @throws Failure when there is none of this number */
export async function requireProgress(database: Database, batchId: number): Promise<BatchProgress> {
  const progress = await readProgress(database, batchId)
  if (progress === null) throw new Failure(1, `there is no batch ${batchId}: see \`goldpro batch list\``)
  return progress
}

type Retries = Awaited<ReturnType<typeof listRetriesOf>>

function formatBatch(
  progress: BatchProgress,
  retries: Retries,
  events: readonly BatchEvent[],
  priced: PricedTotal | null,
): string {
  const { batchId, owner, fileName, state, reason, rows, contentHash } = progress
  const outcomes = Object.entries(progress.outcomes).map(
    ([outcome, count]) => `${formatCount(count)} ${outcome}`,
  )
  return [
    `batch ${batchId} (${fileName}): ${state} (${reason})`,
    `  owner         ${owner ?? 'none: an operator created it'}`,
    `  content hash  ${contentHash}`,
    `  rows          ${formatCount(rows)}: ${outcomes.join(', ')}`,
    `  progress      ${progressLine(progress)}`,
    ...(priced === null
      ? []
      : totalLines(priced.total, priced.pricesBy, NAME_WIDTH).map((line) => `  ${line}`)),
    ...formatRun(progress),
    ...formatOrigin(progress),
    ...(progress.retryOf === null ? [] : [`  retries       failed rows of batch ${progress.retryOf}`]),
    ...retries.map(
      (retry) =>
        `  retried by    batch ${retry.batchId}: ${formatCount(retry.rows ?? 0)} rows, ${retry.state}`,
    ),
    '',
    ...events.map(
      ({ at, toState, reason: why, actor, detail }) =>
        `${shownTime(at)}  ${toState}: ${why}, by ${actor}${detail === null ? '' : `  ${shownDetail(detail)}`}`,
    ),
  ].join('\n')
}

function formatRun({ runAt, ratePerSecond, stopAfterFailures }: BatchProgress): string[] {
  if (ratePerSecond === null) return []
  const stop = stopAfterFailures === null ? '' : `, pauses after ${stopAfterFailures} failures`
  return [
    `  run           from ${runAt === null ? 'now' : shownTime(runAt)}, ${ratePerSecond} rows a second${stop}`,
  ]
}

function formatOrigin({ planId, plan, copiedFrom, dueAt, state }: BatchProgress): string[] {
  if (plan === null) return []
  const runs = state === 'cancelled' ? 'ran' : 'runs'
  if (copiedFrom === null) return [`  plan          ${planId} ${plan} ${runs} copies of it`]
  return [`  from          plan ${planId} ${plan}, due ${shownTime(dueAt)}, a copy of batch ${copiedFrom}`]
}

/** Counts, rate and time left, in one line. */
export function progressLine(progress: BatchProgress): string {
  const { succeeded, failed, inDoubt, underWay, waiting, perSecond, secondsLeft } = progressCountsOf(
    progress,
    Date.now(),
  )
  const done = succeeded + failed + inDoubt
  const time =
    secondsLeft === null
      ? 'time left unknown'
      : secondsLeft === 0
        ? 'nothing left'
        : `${formatTime(secondsLeft)} left`
  const counts = { succeeded, failed, 'in doubt': inDoubt, 'under way': underWay, waiting }
  const parts = Object.entries(counts).map(([what, count]) => `${formatCount(count)} ${what}`)
  return `${formatCount(done)}/${formatCount(progress.rows)} done: ${parts.join(', ')}; ${formatDecimal(perSecond.toFixed(1))} rows/s, ${time}`
}

function formatTime(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5_400) return `${Math.ceil(seconds / 60)} min`
  return `${formatDecimal((seconds / 3_600).toFixed(1))} h`
}

async function watchBatch(database: Database, batchId: number, json: boolean): Promise<void> {
  const isTerminal = process.stdout.isTTY && !json
  let last = ''
  for (;;) {
    const progress = await requireProgress(database, batchId)
    const line = json ? JSON.stringify(progress) : `${progress.state}  ${progressLine(progress)}`
    // A terminal shows one line that changes; elsewhere each change is a line.
    if (isTerminal) process.stdout.write(`\r\u001B[K${line}`)
    else if (line !== last) console.log(line)
    last = line
    if (progress.endedAt !== null) break
    await wait(WATCH_EVERY_MS)
  }
  if (isTerminal) console.log()
  if (!json) console.log(`next: \`goldpro batch results ${batchId}\``)
}
