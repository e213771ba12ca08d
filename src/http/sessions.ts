import type { Session } from '../postgres/session.ts'
import { Problem } from './problems.ts'

/** Does a piece of work in a session of Postgres of its own. */
export type InSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>

/** For whom a session is opened. */
export interface Asker {
  readonly partner: string
  /** Aborted when nobody waits for the work any more. */
  readonly gone: AbortSignal
}

/** Sessions of which so many are open at once, and so many of one partner. */
export interface Sessions {
  /** @throws Problem when the partner has its share, or too many wait already */
  open<T>(asker: Asker, work: (session: Session) => Promise<T>): Promise<T>
}

const RETRY_AFTER_S = 2
const MOST_WAITING = 32

/**
 * Bounds sessions: who comes while all are open waits its turn, as long as its client does.
 * @param mostOfOne open or waiting, of one partner
 */
export function boundedSessions(most: number, mostOfOne: number, open: InSession): Sessions {
  const waiting = new Set<() => void>()
  const byPartner = new Map<string, number>()
  let opened = 0
  const count = (partner: string, change: 1 | -1) => {
    const now = (byPartner.get(partner) ?? 0) + change
    if (now > 0) byPartner.set(partner, now)
    else byPartner.delete(partner)
  }
  const turn = async (gone: AbortSignal) => {
    if (opened < most) {
      opened += 1
      return
    }
    if (waiting.size >= MOST_WAITING) throw overloaded()
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        gone.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.delete(take)
        reject(overloaded())
      }
      waiting.add(take)
      gone.addEventListener('abort', leave, { once: true })
    })
  }
  const giveTurn = () => {
    const [next] = waiting
    if (next === undefined) {
      opened -= 1
      return
    }
    // The place goes on to who waits longest.
    waiting.delete(next)
    next()
  }
  return {
    async open({ partner, gone }, work) {
      if (gone.aborted || (byPartner.get(partner) ?? 0) >= mostOfOne) throw overloaded()
      count(partner, 1)
      try {
        await turn(gone)
        return await open(work).finally(giveTurn)
      } finally {
        count(partner, -1)
      }
    },
  }
}

const overloaded = () => new Problem('overloaded', { retryAfterS: RETRY_AFTER_S })
