import type { BatchProgress } from './queries.ts'

/** How far a batch is, in rows. */
export interface Tally {
  readonly succeeded: number
  readonly failed: number
  readonly inDoubt: number
  readonly underWay: number
  readonly waiting: number
  /** Of a cancelled batch. */
  readonly notSent: number
  /** Rows that ended a second, of the last minute. */
  readonly perSecond: number
  /** Null: nobody knows. */
  readonly secondsLeft: number | null
}

/** Counts how far a batch is. */
export function tallyOf({ outcomes, endedLastMinute, startedAt }: BatchProgress, nowMs: number): Tally {
  const of = (...names: string[]) => names.reduce((sum, name) => sum + (outcomes[name] ?? 0), 0)
  const underWay = of('accepted', 'confirming', 'held')
  const waiting = of('waiting')
  const left = waiting + underWay
  const perSecond = endedLastMinute / secondsSince(startedAt, nowMs)
  return {
    succeeded: of('succeeded'),
    failed: of('rejected', 'expired', 'cancelled', 'conflict'),
    inDoubt: of('in_doubt'),
    underWay,
    waiting,
    notSent: of('not_sent'),
    perSecond,
    secondsLeft: left === 0 ? 0 : perSecond === 0 ? null : left / perSecond,
  }
}

/** The part of the last minute in which it ran, at least a second. */
function secondsSince(startedAt: Date | null, nowMs: number): number {
  const seconds = startedAt === null ? 60 : (nowMs - startedAt.getTime()) / 1_000
  return Math.min(Math.max(seconds, 1), 60)
}
