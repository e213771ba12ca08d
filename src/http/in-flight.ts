import type { OpenSpan } from '../observability/traces.ts'
import type { Caller } from '../partners/authenticate.ts'
import type { FastifyReply, FastifyRequest } from './fastify.ts'

/** A request under way. */
export interface Visit {
  /** Null until it is known. */
  readonly caller: Caller | null
  /** Whether more were under way already than may be. */
  readonly isOneTooMany: boolean
  /** Aborted when the client has gone, and when its answer has ended. */
  readonly gone: AbortSignal
  readonly span: OpenSpan
  /** Notes who comes; false when the same partner has its share of the places already. */
  admit(caller: Caller): boolean
  /** Gives its place back; the end of the request does too. */
  leave(): void
}

/** Counts the requests under way, so that overload is answered instead of piled up. */
export interface Visits {
  enter(request: FastifyRequest, reply: FastifyReply, span: OpenSpan): Visit
  of(request: FastifyRequest): Visit
}

/** What one partner may take of all places: bodies that never come whole must not keep the others out. */
const SHARE = 0.75

/** @param most requests under way at once, of all partners */
export function createVisits(most: number): Visits {
  const visits = new WeakMap<FastifyRequest, Visit>()
  const mostOfOne = Math.ceil(most * SHARE)
  const byPartner = new Map<string, number>()
  let underWay = 0
  const count = (partner: string, change: 1 | -1) => {
    const now = (byPartner.get(partner) ?? 0) + change
    if (now > 0) byPartner.set(partner, now)
    else byPartner.delete(partner)
  }
  return {
    enter(request, reply, span) {
      const isOneTooMany = underWay >= most
      const gone = new AbortController()
      let isInside = !isOneTooMany
      if (isInside) underWay += 1
      let known: Caller | null = null
      const leave = () => {
        if (!isInside) return
        isInside = false
        underWay -= 1
        if (known !== null) count(known.partner, -1)
      }
      // Comes once for every answer, also for one that nobody read to its end.
      reply.raw.once('close', () => {
        leave()
        gone.abort()
      })
      const visit: Visit = {
        get caller() {
          return known
        },
        admit(caller) {
          known = caller
          if (!isInside) return true
          count(caller.partner, 1)
          return (byPartner.get(caller.partner) ?? 0) <= mostOfOne
        },
        ...{ isOneTooMany, gone: gone.signal, span, leave },
      }
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
