import type { BadRow } from '../../http/problems.ts'
import type { NewestPrice, NewestPrices } from '../../prices/newest-prices.ts'
import type { NumberedProblem } from '../create.ts'
import type { Preview } from '../preview.ts'
import { tallyOf } from '../progress.ts'
import type { BatchEvent, BatchProgress, BatchSummary } from '../queries.ts'
import type { BatchAnswerBody } from './batch-schemas.ts'

/** A batch as it is answered. Operators have no names here. */
export function batchAnswerOf(batch: BatchSummary): BatchAnswerBody {
  const { approvedBy, owner } = batch
  const isOwn = approvedBy?.startsWith(`${owner}/`) === true
  return {
    id: batch.batchId,
    file_name: batch.fileName,
    state: batch.state,
    reason: batch.reason,
    rows: batch.rows,
    content_hash: batch.contentHash,
    created_at: batch.createdAt.toISOString(),
    created_by: batch.createdBy,
    approved_by: approvedBy === null || isOwn ? approvedBy : 'operator',
    run_at: batch.runAt?.toISOString() ?? null,
    rate_per_second: batch.ratePerSecond,
    stop_after_failures: batch.stopAfterFailures,
    started_at: batch.startedAt?.toISOString() ?? null,
    ended_at: batch.endedAt?.toISOString() ?? null,
    sent: batch.fed,
    ended: batch.ended,
    failed: batch.failed,
    copied_from: batch.copiedFrom,
  }
}

/** A batch with how far it is. */
export function progressAnswerOf(batch: BatchProgress, nowMs: number) {
  const tally = tallyOf(batch, nowMs)
  return {
    ...batchAnswerOf(batch),
    progress: {
      succeeded: tally.succeeded,
      failed: tally.failed,
      in_doubt: tally.inDoubt,
      under_way: tally.underWay,
      waiting: tally.waiting,
      not_sent: tally.notSent,
      rows_per_second: Math.round(tally.perSecond * 10) / 10,
      seconds_left: tally.secondsLeft === null ? null : Math.ceil(tally.secondsLeft),
    },
  }
}

/** What a batch would do, as it is answered. */
export function previewAnswerOf(batch: BatchSummary, prices: NewestPrices, preview: Preview) {
  return {
    id: batch.batchId,
    state: batch.state,
    rows: batch.rows,
    content_hash: batch.contentHash,
    price_per_gram: { buy: prices.buy?.rupiah ?? null, sell: prices.sell?.rupiah ?? null },
    price_of_day: { buy: dayOf(prices.buy), sell: dayOf(prices.sell) },
    kinds: preview.kinds.map(({ estimatedGrams, estimatedRupiah, ...kind }) => ({
      ...kind,
      estimated_grams: estimatedGrams,
      estimated_rupiah: estimatedRupiah,
    })),
    known_orders: preview.knownOrders,
    conflicts: preview.conflicts,
    overdue: preview.overdue,
    repeated_wallets: preview.repeatedWallets,
    top_wallets: preview.topWallets.map(({ wallet, rows }) => ({ phone_number: wallet, rows })),
    largest: preview.largest.map(({ rowNumber, ...row }) => ({ row: rowNumber, ...row })),
  }
}

const dayOf = (price: NewestPrice | null) => (price?.from === 'captured' ? price.day : null)

/** A move of a batch as it is answered. */
export function batchEventAnswerOf({ at, fromState, toState, reason, actor, detail }: BatchEvent) {
  const [by = '', name = ''] = actor.split(':')
  const { row, limit } = detail ?? {}
  return {
    at: at.toISOString(),
    from: fromState,
    to: toState,
    reason,
    by,
    holder: by === 'partner' ? (name.split('/')[1] ?? null) : null,
    row: typeof row === 'number' ? row : null,
    limit: typeof limit === 'string' ? limit : null,
  }
}

/** A bad row as it is answered. A JSON line's field is named by whoever wrote it, and may be anything. */
export function badRowOf({ rowNumber, lineNumber, column, maskedValue, expected }: NumberedProblem): BadRow {
  const named = column?.replace(/[^A-Za-z_.]/g, '?').slice(0, 80) ?? null
  return { row: rowNumber, line: lineNumber, column: named, value: maskedValue, expected }
}
