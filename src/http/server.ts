import { randomUUID } from 'node:crypto'
import { accessLine, answeredStatus, requestIdOf } from './access-log.ts'
import { addFileRoutes, addRoute } from './add-route.ts'
import { Fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from './fastify.ts'
import { createInFlight, type InFlightRequest } from './in-flight.ts'
import type { LongPoll } from './long-poll.ts'
import { noRoute } from './no-route.ts'
import { answerBrokenRequest, FOR_ONE_READER, problemOf } from './problem-of-error.ts'
import { PROBLEM_TYPE, PROBLEMS, Problem, problemDocument } from './problems.ts'
import { installJsonParser } from './read-json.ts'
import { requestSpan } from './request-span.ts'
import type { AnyRoute, ApiDeps } from './route.ts'

export interface ServerSettings {
  readonly maxConcurrent: number
  /** Addresses and networks whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[]
  readonly bodyLimitBytes: number
  /** How long a request may take to arrive completely. */
  readonly requestTimeoutMs: number
  /** The largest file that is accepted, and how long it may take to arrive completely. */
  readonly uploadLimitBytes: number
  readonly uploadTimeoutMs: number
}

/** Receives a measurement of every request. */
export interface RequestMetrics {
  /**
   * @param route the route's pattern, never a path with an id or a phone number in it
   * @param status null: the client disconnected before the answer
   */
  observe(route: string, status: number | null, seconds: number): void
}

/** Creates the server. It does not listen yet. */
export function createServer(
  routes: readonly AnyRoute[],
  settings: ServerSettings,
  deps: ApiDeps,
  metrics: RequestMetrics,
): FastifyInstance {
  const inFlight = createInFlight(settings.maxConcurrent)
  const server = Fastify({
    bodyLimit: settings.bodyLimitBytes,
    // Node has one time-out for all requests, so it is that of files; `endLateBodies` bounds the others.
    requestTimeout: Math.max(settings.requestTimeoutMs, settings.uploadTimeoutMs),
    // Longer than the longest wait: it bounds inactivity.
    connectionTimeout: 90_000,
    keepAliveTimeout: 10_000,
    exposeHeadRoutes: true,
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: settings.requestTimeoutMs,
      maxHeaderSize: 16 * 1024,
      // Node's default is thirty seconds.
      connectionsCheckingInterval: Math.min(settings.requestTimeoutMs, 1_000),
    },
    genReqId: (request) => requestIdOf(request.headers['x-request-id'], randomUUID),
    clientErrorHandler: answerBrokenRequest,
    // A request with an unreadable URL does not reach the hooks.
    frameworkErrors(error, request, reply) {
      noteEnd(request, reply, null)
      sendFailure(error, request, reply, deps)
    },
  })
  const noteEnd = (request: FastifyRequest, reply: FastifyReply, current: InFlightRequest | null) => {
    const startedAt = performance.now()
    reply.raw.once('close', () => {
      const durationMs = performance.now() - startedAt
      deps.log.info(accessLine(request, reply, current?.caller ?? null, durationMs), 'request')
      metrics.observe(request.routeOptions?.url ?? 'none', answeredStatus(reply), durationMs / 1_000)
    })
  }
  installJsonParser(server)
  endLateBodies(server, settings)
  closeConnectionsAtTheEnd(server, deps.longPoll)
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, ...FOR_ONE_READER })
    const current = inFlight.enter(request, reply, requestSpan(request, reply, deps.traces))
    noteEnd(request, reply, current)
    const isProbe = request.routeOptions.config.isProbe === true
    if (current.isOverLimit && !isProbe) throw new Problem('overloaded', { retryAfterS: 1 })
    // Refused here, before the body is read.
    if (request.is404) throw noRoute(routes, request)
  })
  server.setErrorHandler((error, request, reply) => sendFailure(error, request, reply, deps))
  server.setNotFoundHandler((request) => {
    throw noRoute(routes, request)
  })
  for (const row of routes) if (row.files === undefined) addRoute(server, row, deps, inFlight)
  addFileRoutes(
    server,
    routes.filter(({ files }) => files !== undefined),
    settings,
    { deps, inFlight },
  )
  return server
}

/** Closes kept-alive connections with their last answer; they would delay the end of the server. */
function closeConnectionsAtTheEnd(server: FastifyInstance, longPoll: LongPoll): void {
  let isClosing = false
  server.addHook('preClose', async () => {
    isClosing = true
    longPoll.stop()
  })
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close')
    done(null, payload)
  })
}

/** How long a client may go on sending a body that was already refused, so that it can read the answer. */
const LINGER_MS = 2_000

/** Closes a connection whose client goes on sending or never closes it: its request would keep its slot. */
function endLingering(raw: FastifyRequest['raw']): void {
  setTimeout(() => void (raw.complete || raw.socket.destroy()), LINGER_MS).unref()
}

/** Ends a request whose body does not arrive completely within its route's time. */
function endLateBodies(server: FastifyInstance, { requestTimeoutMs, uploadTimeoutMs }: ServerSettings): void {
  server.addHook('onRequest', ({ raw, routeOptions }, reply, done) => {
    const late = () => {
      if (raw.complete) return
      reply.code(PROBLEMS.request_timeout.status)
      answerBrokenRequest(new LateRequest(), raw.socket)
      // The answer was given; a client that never closes would keep its slot.
      setTimeout(() => raw.socket.destroy(), LINGER_MS).unref()
    }
    const timer = setTimeout(
      late,
      routeOptions.config.takesFile === true ? uploadTimeoutMs : requestTimeoutMs,
    )
    reply.raw.once('close', () => {
      clearTimeout(timer)
      if (!raw.complete) endLingering(raw)
    })
    done()
  })
}

/** What Node says of a request that is late. */
class LateRequest extends Error {
  readonly code = 'ERR_HTTP_REQUEST_TIMEOUT'
}

function sendFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log }: ApiDeps,
): FastifyReply {
  const problem = problemOf(error)
  if (problem.status >= 500 && !(error instanceof Problem))
    log.error({ request_id: request.id, err: error }, 'request failed')
  return reply
    .code(problem.status)
    .headers({ ...FOR_ONE_READER, ...problem.headers, 'x-request-id': request.id })
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemDocument(problem)))
}
