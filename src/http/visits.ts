import type { Caller } from '../partners/authenticate.ts'
import type { OpenSpan } from '../tracing/traces.ts'
import type { FastifyReply, FastifyRequest } from './fastify.ts'

/** A request under way. */
export interface Visit {
  caller: Caller | null
  /** Whether more were under way already than may be. */
  readonly isOneTooMany: boolean
  /** Aborted when the client has gone before its answer. */
  readonly gone: AbortSignal
  readonly span: OpenSpan
  /** Gives its place back; the end of the request does too. */
  leave(): void
}

/** Counts the requests under way, so that overload is answered instead of piled up. */
export interface Visits {
  enter(request: FastifyRequest, reply: FastifyReply, span: OpenSpan): Visit
  of(request: FastifyRequest): Visit
}

export function createVisits(most: number): Visits {
  const visits = new WeakMap<FastifyRequest, Visit>()
  let underWay = 0
  return {
    enter(request, reply, span) {
      const isOneTooMany = underWay >= most
      const gone = new AbortController()
      let isInside = !isOneTooMany
      if (isInside) underWay += 1
      const leave = () => {
        if (isInside) underWay -= 1
        isInside = false
      }
      // Comes once for every answer, also for one that nobody read to its end.
      reply.raw.once('close', () => {
        leave()
        gone.abort()
      })
      const visit: Visit = { caller: null, isOneTooMany, gone: gone.signal, span, leave }
      visits.set(request, visit)
      return visit
    },
    of(request) {
      const visit = visits.get(request)
      if (visit === undefined) throw new Error('a request that never came in')
      return visit
    },
  }
}
