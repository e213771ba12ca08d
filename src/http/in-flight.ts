import type { OpenSpan } from '../core/traces.ts'
import { createBulkhead } from './bulkhead.ts'
import type { Caller } from './caller.ts'
import type { FastifyReply, FastifyRequest } from './fastify.ts'

/** A request that is being answered. */
export interface InFlightRequest {
  /** Null until the request is authenticated. */
  readonly caller: Caller | null
  /** Whether as many requests as may be were in flight already. */
  readonly isOverLimit: boolean
  /** Aborted when the client has gone, and when its answer has ended. */
  readonly signal: AbortSignal
  readonly span: OpenSpan
  /** Notes the caller; false when its partner has its share of the slots already. */
  admit(caller: Caller): boolean
  /** Gives the slot back early; the end of the request does so too. */
  releaseSlot(): void
}

/** Counts the requests in flight, so that overload is answered instead of piled up. */
export interface InFlight {
  enter(request: FastifyRequest, reply: FastifyReply, span: OpenSpan): InFlightRequest
  of(request: FastifyRequest): InFlightRequest
}

/** One partner's share of all slots: bodies that never come whole must not keep the others out. */
const SHARE = 0.75

/** @param most requests in flight at once, of all partners */
export function createInFlight(most: number): InFlight {
  const requests = new WeakMap<FastifyRequest, InFlightRequest>()
  const bulkhead = createBulkhead({ slots: most, slotsPerPartner: Math.ceil(most * SHARE) })
  return {
    enter(request, reply, span) {
      const slot = bulkhead.takeUnassigned()
      const ended = new AbortController()
      let known: Caller | null = null
      const releaseSlot = () => slot?.release()
      // Comes once for every answer, also for one that nobody read to its end.
      reply.raw.once('close', () => {
        releaseSlot()
        ended.abort()
      })
      const inFlight: InFlightRequest = {
        get caller() {
          return known
        },
        isOverLimit: slot === null,
        signal: ended.signal,
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
      if (inFlight === undefined) throw new Error('a request that never came in')
      return inFlight
    },
  }
}
