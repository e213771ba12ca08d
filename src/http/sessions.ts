import type { Session } from '../postgres/session.ts'
import { createBulkhead } from './bulkhead.ts'
import { Problem } from './problems.ts'

/** Runs work in a session of Postgres of its own. */
export type InSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>

/** The owner of a session. */
export interface SessionRequest {
  readonly partner: string
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal
}

/** Sessions of Postgres for requests, bounded in all and for one partner. */
export interface Sessions {
  /** @throws Problem when the partner has taken its share, or too many wait */
  open<T>(request: SessionRequest, work: (session: Session) => Promise<T>): Promise<T>
}

const RETRY_AFTER_S = 2
const QUEUE_LIMIT = 32

/** A request waits while all sessions are open, until its client disconnects. */
export function boundedSessions(slots: number, slotsPerPartner: number, open: InSession): Sessions {
  const bulkhead = createBulkhead({ slots, slotsPerPartner, queueLimit: QUEUE_LIMIT })
  return {
    async open({ partner, signal }, work) {
      const taken = await bulkhead.takeInTurn(partner, signal)
      if (taken.is !== 'taken') throw new Problem('overloaded', { retryAfterS: RETRY_AFTER_S })
      return await open(work).finally(taken.slot.release)
    },
  }
}
