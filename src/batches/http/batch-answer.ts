import type { BadRow } from '../../http/problems.ts'
import type { NewestPrice, NewestPrices } from '../../prices/newest-prices.ts'
import type { NumberedProblem } from '../copy-rows.ts'
import type { Preview } from '../preview.ts'
import { progressCountsOf } from '../progress.ts'
import type { BatchEvent, BatchProgress, BatchSummary } from '../queries.ts'
import type { BatchAnswerBody } from './batch-answer-schemas.ts'

/** The body of a batch. It names no operators. */
export function batchAnswerOf(batch: BatchSummary): BatchAnswerBody {
  const { approvedBy, owner } = batch
  const isHolder = approvedBy?.startsWith(`${owner}/`) === true
  return {
    id: batch.batchId,
    file_name: batch.fileName,
    state: batch.state,
    reason: batch.reason,
    rows: batch.rows,
    content_hash: batch.contentHash,
    created_at: batch.createdAt.toISOString(),
    created_by: batch.createdBy,
    approved_by: approvedBy === null || isHolder ? approvedBy : 'operator',
    run_at: batch.runAt?.toISOString() ?? null,
    rate_per_second: batch.ratePerSecond,
    stop_after_failures: batch.stopAfterFailures,
    started_at: batch.startedAt?.toISOString() ?? null,
    ended_at: batch.endedAt?.toISOString() ?? null,
    sent: batch.fed,
    ended: batch.ended,
    failed: batch.failed,
    copied_from: batch.copiedFrom,
    retry_of: batch.retryOf,
  }
}

/** The body of a batch with its progress. */
export function progressAnswerOf(batch: BatchProgress, nowMs: number) {
  const counts = progressCountsOf(batch, nowMs)
  return {
    ...batchAnswerOf(batch),
    progress: {
      succeeded: counts.succeeded,
      failed: counts.failed,
      in_doubt: counts.inDoubt,
      under_way: counts.underWay,
      waiting: counts.waiting,
      not_sent: counts.notSent,
      rows_per_second: Math.round(counts.perSecond * 10) / 10,
      seconds_left: counts.secondsLeft === null ? null : Math.ceil(counts.secondsLeft),
    },
  }
}

/** The body of a preview. */
export function previewAnswerOf(batch: BatchSummary, prices: NewestPrices, preview: Preview) {
  return {
    id: batch.batchId,
    state: batch.state,
    rows: batch.rows,
    content_hash: batch.contentHash,
    price_per_gram: { buy: prices.buy?.rupiah ?? null, sell: prices.sell?.rupiah ?? null },
    price_of_day: { buy: dayOf(prices.buy), sell: dayOf(prices.sell) },
    kinds: preview.kinds.map(({ estimatedGrams, estimatedRupiah, worthRupiah, ...kind }) => ({
      ...kind,
      estimated_grams: estimatedGrams,
      estimated_rupiah: estimatedRupiah,
      worth_rupiah: worthRupiah,
    })),
    total: totalAnswerOf(preview),
    known_orders: preview.knownOrders,
    conflicts: preview.conflicts,
    overdue: preview.overdue,
    repeated_wallets: preview.repeatedWallets,
    top_wallets: preview.topWallets.map(({ wallet, rows }) => ({ phone_number: wallet, rows })),
    largest: preview.largest.map(({ rowNumber, estimatedRupiah, ...row }) => ({
      row: rowNumber,
      ...row,
      estimated_rupiah: estimatedRupiah,
    })),
  }
}

const dayOf = (price: NewestPrice | null) => (price?.from === 'captured' ? price.day : null)

/** The body of one move in a batch's history. */
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

/** The body of a bad row. The field names of a JSON line come from its author and may be anything. */
export function badRowOf({ rowNumber, lineNumber, column, maskedValue, expected }: NumberedProblem): BadRow {
  const shown = column?.replace(/[^A-Za-z_.]/g, '?').slice(0, 80) ?? null
  return { row: rowNumber, line: lineNumber, column: shown, value: maskedValue, expected }
}

/** The total for whoever approves a batch. */
export const totalAnswerOf = ({ total }: Preview) => ({
  to_pay: total.toPay,
  to_receive: total.toReceive,
  moved_grams: total.movedGrams,
  moved_worth: total.movedWorth,
})
