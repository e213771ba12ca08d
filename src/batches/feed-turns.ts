import type { Log } from '../core/log.ts'
import type { Fed } from './feed-rows.ts'
import type { BatchReasonFor } from './lifecycle.ts'

/** What a turn came to that people want to read in a log. */
export type Turn = 'started' | 'finished' | Exclude<BatchReasonFor<'pause'>, 'paused_by_person'>

/** Why rows that were not fed pause their batch. */
export function pauseOf(fed: Exclude<Fed, { is: 'fed' }>) {
  switch (fed.is) {
    case 'changed':
      return { reason: 'content_changed', detail: { row: fed.rowNumber } } as const
    case 'forbidden':
      return { reason: 'limit_forbids', detail: { row: fed.rowNumber, limit: fed.limit } } as const
    case 'suspended':
      return { reason: 'partner_suspended', detail: null } as const
  }
}

const TURNS = {
  started: ['info', 'batch started: its time has come'],
  finished: ['info', 'batch finished: every row ended'],
  too_many_failures: ['warn', 'batch paused: too many rows failed or are in doubt'],
  limit_forbids: ['warn', 'batch paused: a row breaks a limit of its partner'],
  partner_suspended: ['warn', 'batch paused: its partner is suspended'],
  content_changed: ['error', 'batch paused: its rows are not those that were approved'],
} as const satisfies Record<Turn, [level: keyof Log, message: string]>

/** Writes a turn into the log. */
export function logTurn(batchId: number, turn: Turn, log: Log): void {
  const [level, message] = TURNS[turn]
  log[level]({ batch: batchId }, message)
}
