import type { OpenSpan } from '../core/traces.ts'
import { createBulkhead } from './bulkhead.ts'
import type { Caller } from './caller.ts'
import type { FastifyReply, FastifyRequest } from './fastify.ts'

/** A request that is being answered. */
export interface InFlightRequest {
  /** Null until the request is authenticated. */
  readonly caller: Caller | null
  /** Whether the limit of requests in flight was reached before this one. */
  readonly isOverLimit: boolean
  /** Aborted when the client has disconnected and when the answer has ended. */
  readonly signal: AbortSignal
  readonly span: OpenSpan
  /** Sets the caller; false when its partner has taken its share of the slots. */
  admit(caller: Caller): boolean
  /** Releases the slot early; the end of the request does so too. */
  releaseSlot(): void
}

/** Counts the requests in flight, so that overload is refused instead of queued. */
export interface InFlight {
  enter(request: FastifyRequest, reply: FastifyReply, span: OpenSpan): InFlightRequest
  of(request: FastifyRequest): InFlightRequest
}

/** One partner's share of all slots: a partner whose bodies never end must not keep the others out. */
const SHARE = 0.75

/** @param maxRequests requests in flight at once, of all partners */
export function createInFlight(maxRequests: number): InFlight {
  const requests = new WeakMap<FastifyRequest, InFlightRequest>()
  const bulkhead = createBulkhead({ slots: maxRequests, slotsPerPartner: Math.ceil(maxRequests * SHARE) })
  return {
    enter(request, reply, span) {
      const slot = bulkhead.takeUnassigned()
      // Most requests never ask for their signal, and aborting one costs more than reading a key.
      let aborter: AbortController | null = null
      let isEnded = false
      let known: Caller | null = null
      const releaseSlot = () => slot?.release()
      // Emitted once for every answer, also for one that was not read to its end.
      reply.raw.once('close', () => {
        releaseSlot()
        isEnded = true
        aborter?.abort()
      })
      const inFlight: InFlightRequest = {
        get caller() {
          return known
        },
        isOverLimit: slot === null,
        get signal() {
          aborter ??= new AbortController()
          if (isEnded) aborter.abort()
          return aborter.signal
        },
        span,
        admit(caller) {
          known = caller
          return slot?.assign(caller.partner) ?? true
        },
        releaseSlot,
      }
      requests.set(request, inFlight)
      return inFlight
    },
    of(request) {
      const inFlight = requests.get(request)
      if (inFlight === undefined) throw new Error('a request that did not enter')
      return inFlight
    },
  }
}
