import type { Log } from '../core/log.ts'
import type { FeedResult } from './feed-rows.ts'
import type { BatchReasonFor } from './lifecycle.ts'

/** The results of a turn that the log reports. */
export type Turn = 'started' | 'finished' | Exclude<BatchReasonFor<'pause'>, 'paused_by_person'>

/** The reason and detail with which rows that were not fed pause their batch. */
export function pauseOf(result: Exclude<FeedResult, { is: 'fed' }>) {
  switch (result.is) {
    case 'changed':
      return { reason: 'content_changed', detail: { row: result.rowNumber } } as const
    case 'forbidden':
      return { reason: 'limit_forbids', detail: { row: result.rowNumber, limit: result.limit } } as const
    case 'suspended':
      return { reason: 'partner_suspended', detail: null } as const
    case 'executed':
      return { reason: 'retried_order_executed', detail: null } as const
  }
}

const TURNS = {
  started: ['info', 'batch started: its time has come'],
  finished: ['info', 'batch finished: every row ended'],
  too_many_failures: ['warn', 'batch paused: too many rows failed or are in doubt'],
  limit_forbids: ['warn', 'batch paused: a row breaks a limit of its partner'],
  partner_suspended: ['warn', 'batch paused: its partner is suspended'],
  retried_order_executed: ['error', 'batch paused: an order that it retries may have been executed'],
  content_changed: ['error', 'batch paused: its rows are not those that were approved'],
} as const satisfies Record<Turn, [level: keyof Log, message: string]>

/** Logs the result of a turn. */
export function logTurn(batchId: number, turn: Turn, log: Log): void {
  const [level, message] = TURNS[turn]
  log[level]({ batch: batchId }, message)
}
