import { accessLine, answeredStatus, requestIdOf } from './access-log.ts'
import { addFileRoutes, addRoute } from './add-route.ts'
import { Fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from './fastify.ts'
import { createInFlight, type InFlightRequest } from './in-flight.ts'
import type { LongPoll } from './long-poll.ts'
import { noRoute } from './no-route.ts'
import { answerBrokenRequest, FOR_ONE_READER, problemOf } from './problem-of-error.ts'
import { PROBLEM_TYPE, PROBLEMS, Problem, problemDocument } from './problems.ts'
import { readJsonOurselves } from './read-json.ts'
import { requestSpan } from './request-span.ts'
import type { AnyRoute, ApiDeps } from './route.ts'

export interface ServerSettings {
  readonly maxConcurrent: number
  /** Whose `X-Forwarded-For` is believed: addresses and networks. */
  readonly trustedProxies: readonly string[]
  readonly bodyLimitBytes: number
  /** How long a request may take to come whole. */
  readonly requestTimeoutMs: number
  /** The largest file that is taken, and how long it may take to come whole. */
  readonly uploadLimitBytes: number
  readonly uploadTimeoutMs: number
}

/** What requests are measured by. */
export interface RequestMetrics {
  /**
   * @param route the route's pattern, never a path with an id or a phone number in it
   * @param status null: the client had gone before its answer
   */
  observe(route: string, status: number | null, seconds: number): void
}

/** Puts the server together. It listens when it is told to. */
export function createServer(
  routes: readonly AnyRoute[],
  settings: ServerSettings,
  deps: ApiDeps,
  metrics: RequestMetrics,
): FastifyInstance {
  const inFlight = createInFlight(settings.maxConcurrent)
  const server = Fastify({
    bodyLimit: settings.bodyLimitBytes,
    // That of files, for Node has one for all; of the others the time is taken below.
    requestTimeout: Math.max(settings.requestTimeoutMs, settings.uploadTimeoutMs),
    // Longer than the longest wait: it counts silence.
    connectionTimeout: 90_000,
    keepAliveTimeout: 10_000,
    exposeHeadRoutes: true,
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: settings.requestTimeoutMs,
      maxHeaderSize: 16 * 1024,
      // Node looks for late requests every thirty seconds by itself.
      connectionsCheckingInterval: Math.min(settings.requestTimeoutMs, 1_000),
    },
    genReqId: (request) => requestIdOf(request.headers['x-request-id'], deps.newId),
    clientErrorHandler: answerBrokenRequest,
    // A URL that cannot be read never comes to the hooks.
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
  readJsonOurselves(server)
  endLateBodies(server, settings)
  closeConnectionsAtTheEnd(server, deps.longPoll)
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, ...FOR_ONE_READER })
    const current = inFlight.enter(request, reply, requestSpan(request, reply, deps.traces))
    noteEnd(request, reply, current)
    const isProbe = request.routeOptions.config.isProbe === true
    if (current.isOverLimit && !isProbe) throw new Problem('overloaded', { retryAfterS: 1 })
    // Here, and not once a body was read that nobody takes.
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

/** A connection that was kept alive after its last answer would hold the end of the server up. */
function closeConnectionsAtTheEnd(server: FastifyInstance, longPoll: LongPoll): void {
  let isClosing = false
  server.addHook('preClose', async () => {
    isClosing = true
    longPoll.stop()
  })
  server.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}

/** How long a client may go on sending a body that was refused already: so long it may take to hear why. */
const LINGER_MS = 2_000

/** Ends a connection whose client goes on sending, or that it never closes: its request would keep its places. */
function endLingering(raw: FastifyRequest['raw']): void {
  setTimeout(() => void (raw.complete || raw.socket.destroy()), LINGER_MS).unref()
}

/** Ends a request whose body does not come whole in its route's time. */
function endLateBodies(server: FastifyInstance, { requestTimeoutMs, uploadTimeoutMs }: ServerSettings): void {
  server.addHook('onRequest', async ({ raw, routeOptions }, reply) => {
    const late = () => {
      if (raw.complete) return
      reply.code(PROBLEMS.request_timeout.status)
      answerBrokenRequest(new LateRequest(), raw.socket)
      // Whole by then or not: its answer is given, and a client that never closes would keep its places.
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
