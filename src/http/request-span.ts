import { NO_SPAN, type OpenSpan, type Traces } from '../core/traces.ts'
import { answeredStatus } from './access-log.ts'
import type { FastifyReply, FastifyRequest } from './fastify.ts'

/**
 * Begins the span of a request, which ends with its answer. Its name is the route's pattern, never the path. It begins a new
 * trace: trace headers of partners are ignored. Probes have no span.
 */
export function requestSpan(request: FastifyRequest, reply: FastifyReply, traces: Traces): OpenSpan {
  const { config, url: route = 'none' } = request.routeOptions
  if (config.isProbe === true) return NO_SPAN
  const { method } = request
  const span = traces.begin(`${method} ${route}`, 'server', {
    'http.request.method': method,
    'http.route': route,
  })
  reply.raw.once('close', () => {
    const status = answeredStatus(reply)
    span.end(status === null ? {} : { 'http.response.status_code': status })
  })
  return span
}
