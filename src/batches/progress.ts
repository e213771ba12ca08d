import type { BatchProgress } from './queries.ts'

/** The progress of a batch, in rows. */
export interface ProgressCounts {
  readonly succeeded: number
  readonly failed: number
  readonly inDoubt: number
  readonly underWay: number
  readonly waiting: number
  /** Rows of a cancelled batch that were not sent. */
  readonly notSent: number
  /** Rows that ended per second, over the last minute. */
  readonly perSecond: number
  /** Null when it is not known. */
  readonly secondsLeft: number | null
}

/** Counts the progress of a batch. */
export function progressCountsOf(
  { outcomes, endedLastMinute, startedAt }: BatchProgress,
  nowMs: number,
): ProgressCounts {
  const of = (...names: string[]) => names.reduce((sum, name) => sum + (outcomes[name] ?? 0), 0)
  const underWay = of('accepted', 'confirming', 'held')
  const waiting = of('waiting')
  const left = waiting + underWay
  const perSecond = endedLastMinute / secondsSince(startedAt, nowMs)
  return {
    succeeded: of('succeeded'),
    failed: of('rejected', 'expired', 'cancelled', 'conflict', 'refused'),
    inDoubt: of('in_doubt'),
    underWay,
    waiting,
    notSent: of('not_sent'),
    perSecond,
    secondsLeft: left === 0 ? 0 : perSecond === 0 ? null : left / perSecond,
  }
}

/** The seconds of the last minute in which it ran, at least one. */
function secondsSince(startedAt: Date | null, nowMs: number): number {
  const seconds = startedAt === null ? 60 : (nowMs - startedAt.getTime()) / 1_000
  return Math.min(Math.max(seconds, 1), 60)
}
