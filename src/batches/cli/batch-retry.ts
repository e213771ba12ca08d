import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { formatCount } from '../../core/format.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import { leftText, type RetryBatch, retryBatch } from '../retry.ts'
import { isRetryReason, RETRY_REASONS } from '../retry-reasons.ts'
import { batchNumber, runTime } from './batch-commands.ts'

interface RetryOptions extends Actor {
  readonly reason?: readonly string[]
  readonly deadline?: Date
  readonly json?: true
}

/** `goldpro batch retry BATCH` */
export function retryCommand(): Command {
  return new Command('retry')
    .description('make a new batch of the rows whose orders were rejected, expired or cancelled')
    .argument('<batch>', 'its number', batchNumber)
    .addOption(byOption('the person who creates the new batch'))
    .option('--reason <names>', 'only rows that ended with these states or reasons, such as expired', reasons)
    .option('--deadline <time>', 'the deadline of every new row; without it, each keeps its own', runTime)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Another person approves the new batch, as any other. The reference of a new row is the one of its first order with
-retry-1, or the next free number. Rows in doubt, held or under way are never retried, nor rows that were retried already,
unless the order of that retry failed too. Withdrawals are not retried: their KTP number and address were erased.

Examples:
  $ goldpro batch retry 1
  $ goldpro batch retry 1 --reason expired,insufficient_balance`,
    )
    .action(retry)
}

const reasons = parsedBy(
  (text) => {
    const names = text.split(',').map((name) => name.trim())
    return names.every(isRetryReason) ? names : null
  },
  `names with commas between them, of: ${RETRY_REASONS.join(', ')}`,
)

async function retry(batchId: number, options: RetryOptions): Promise<void> {
  const { reason = null, deadline = null, json, ...actor } = options
  const result = await withSessionHere(await settingsHere(), async (session) => {
    await refusePast(session, deadline)
    const person = { by: actor.by, note: null }
    return await retryBatch(sessionOf(session, actor), batchId, { reasons: reason, deadline }, person)
  })
  if (result.is === 'refused') throw new Failure(1, result.message)
  const { is: _is, ...made } = result
  console.log(json ? JSON.stringify({ ...made, retryOf: batchId }) : formatRetry(made, batchId))
}

async function refusePast(session: Session, deadline: Date | null): Promise<void> {
  if (deadline !== null && deadline <= (await databaseClock(session)))
    throw new Failure(2, '--deadline is in the past: give a time in the future')
}

function formatRetry({ batchId, rows, contentHash, left }: RetryBatch, retryOf: number): string {
  const leftOut = leftText(left)
  return [
    `batch ${batchId}: ${formatCount(rows)} rows of batch ${retryOf}, checked and sealed`,
    `  content hash  ${contentHash}`,
    ...(leftOut === '' ? [] : [`  left out      ${leftOut.slice(2)}`]),
    `next: \`goldpro batch preview ${batchId}\`, then \`goldpro batch approve ${batchId}\` by another person`,
  ].join('\n')
}
