import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { gapNote, type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import { shownDetail, shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { formatCount, formatDecimal, NOTHING } from '../../core/format.ts'
import { maskPhoneNumbersIn } from '../../core/masking.ts'
import type { Database } from '../../postgres/pool.ts'
import { tallyOf } from '../progress.ts'
import {
  type BatchEvent,
  type BatchProgress,
  type BatchSummary,
  countBatches,
  listBatches,
  readBatchEvents,
  readProgress,
} from '../queries.ts'
import { batchNumber } from './batch-commands.ts'

const LISTED = 100
const WATCH_EVERY_MS = 1_000

/** `goldpro batch list` */
export function listCommand(): Command {
  const command = new Command('list')
    .description('list batches that have not ended, the newest first')
    .option('--all', 'those that finished or were cancelled, too')
  return pageOptions(command, LISTED)
    .option('--json', 'print JSON lines')
    .addHelpText('after', '\nExample:\n  $ goldpro batch list --all')
    .action(async ({ all, limit, skip, json }: PageOptions & { all?: true; json?: true }) => {
      const { batches, total } = await withDatabase(await settingsHere(), async (database) => ({
        batches: await listBatches(database, limit, all === true, skip),
        total: await countBatches(database, all === true),
      }))
      printPage({
        ...{ listed: batches.length, total, limit, skip, json: json === true },
        jsonLines: () => batches.map((batch) => JSON.stringify(batch)),
        table: () => asTable(batches),
        notes: [
          gapNote(
            batches.map(({ batchId }) => batchId),
            `a file that was refused takes one, too${all ? '' : ', and --all shows the batches that ended'}`,
          ),
        ],
        whenEmpty: none(all === true),
      })
    })
}

const none = (ofAll: boolean) =>
  ofAll
    ? 'no batches: see `goldpro batch --help`'
    : 'no batch is left to run or running: --all shows those that ended'

function asTable(batches: readonly BatchSummary[]): string {
  const headings = [
    'batch',
    'file',
    'state',
    'rows',
    'sent',
    'ended',
    'failed',
    'owner',
    'by',
    'approved by',
    'runs at',
  ]
  const rows = batches.map((batch) => [
    ...[String(batch.batchId), batch.fileName, batch.state, batch.rows, batch.fed],
    ...[batch.ended, batch.failed, batch.owner ?? '–', batch.createdBy, batch.approvedBy ?? '–'],
    batch.runAt === null ? NOTHING : shownTime(batch.runAt),
  ])
  return table(headings, rows, ['batch', 'rows', 'sent', 'ended', 'failed'])
}

/** `goldpro batch show ID` */
export function showCommand(): Command {
  return new Command('show')
    .description('tell how a batch stands and what was done with it')
    .argument('<batch>', 'its number', batchNumber)
    .option('--watch', 'tell it again and again until the batch has ended')
    .option('--json', 'print it as JSON; with --watch, a line a second')
    .addHelpText(
      'after',
      `
failed: rejected, expired, cancelled or in conflict. in doubt: sent, and nobody knows yet; see docs/runbook.md.

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
  console.log(json ? JSON.stringify({ ...progress, events }) : tellBatch(progress, events))
}

/** A note is a person's own words, and may name a wallet. */
function withMaskedNote(event: BatchEvent): BatchEvent {
  const note = event.detail?.note
  if (typeof note !== 'string') return event
  return { ...event, detail: { ...event.detail, note: maskPhoneNumbersIn(note) } }
}

/** How a batch stands; a failure when there is none. */
export async function requireProgress(database: Database, batchId: number): Promise<BatchProgress> {
  const progress = await readProgress(database, batchId)
  if (progress === null) throw new Failure(1, `there is no batch ${batchId}: see \`goldpro batch list\``)
  return progress
}

function tellBatch(progress: BatchProgress, events: readonly BatchEvent[]): string {
  const { batchId, owner, fileName, state, reason, rows, contentHash } = progress
  const outcomes = Object.entries(progress.outcomes).map(
    ([outcome, count]) => `${formatCount(count)} ${outcome}`,
  )
  return [
    `batch ${batchId} (${fileName}): ${state} (${reason})`,
    `  owner         ${owner ?? 'none: an operator made it'}`,
    `  content hash  ${contentHash}`,
    `  rows          ${formatCount(rows)}: ${outcomes.join(', ')}`,
    `  progress      ${progressLine(progress)}`,
    ...printRun(progress),
    ...tellOrigin(progress),
    '',
    ...events.map(
      ({ at, toState, reason: why, actor, detail }) =>
        `${shownTime(at)}  ${toState}: ${why}, by ${actor}${detail === null ? '' : `  ${shownDetail(detail)}`}`,
    ),
  ].join('\n')
}

function printRun({ runAt, ratePerSecond, stopAfterFailures }: BatchProgress): string[] {
  if (ratePerSecond === null) return []
  const stop = stopAfterFailures === null ? '' : `, pauses after ${stopAfterFailures} failures`
  return [
    `  run           from ${runAt === null ? 'now' : shownTime(runAt)}, ${ratePerSecond} rows a second${stop}`,
  ]
}

function tellOrigin({ planId, plan, copiedFrom, dueAt, state }: BatchProgress): string[] {
  if (plan === null) return []
  const runs = state === 'cancelled' ? 'ran' : 'runs'
  if (copiedFrom === null) return [`  plan          ${planId} ${plan} ${runs} copies of it`]
  return [`  from          plan ${planId} ${plan}, due ${shownTime(dueAt)}, a copy of batch ${copiedFrom}`]
}

/** Done, failed, in doubt, rate and time left, in one line. */
export function progressLine(progress: BatchProgress): string {
  const { succeeded, failed, inDoubt, underWay, waiting, perSecond, secondsLeft } = tallyOf(
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
  const told = Object.entries(counts).map(([what, count]) => `${formatCount(count)} ${what}`)
  return `${formatCount(done)}/${formatCount(progress.rows)} done: ${told.join(', ')}; ${formatDecimal(perSecond.toFixed(1))} rows/s, ${time}`
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
    // On a terminal one line that changes; elsewhere a line when something changed.
    if (isTerminal) process.stdout.write(`\r\u001B[K${line}`)
    else if (line !== last) console.log(line)
    last = line
    if (progress.endedAt !== null) break
    await wait(WATCH_EVERY_MS)
  }
  if (isTerminal) console.log()
  if (!json) console.log(`next: \`goldpro batch results ${batchId}\``)
}
