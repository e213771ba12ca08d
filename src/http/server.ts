import { accessLine, requestIdOf } from './access-log.ts'
import { answerBrokenRequest, problemOf } from './failures.ts'
import { Fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from './fastify.ts'
import { checkSignature, letIn } from './guard.ts'
import type { HttpMetrics } from './metrics.ts'
import { PROBLEM_TYPE, Problem, problemDocument } from './problems.ts'
import { readInput } from './read-input.ts'
import type { AnyRoute, ApiEffects } from './route.ts'
import { ROUTES } from './routes.ts'
import { createVisits, type Visit, type Visits } from './visits.ts'
import type { Waits } from './waits.ts'

export interface ServerSettings {
  readonly maxConcurrent: number
  /** Whose `X-Forwarded-For` is believed: addresses and networks. */
  readonly trustedProxies: readonly string[]
  readonly bodyLimitBytes: number
  /** How long a request may take to come whole. */
  readonly requestTimeoutMs: number
}

/** Puts the server together. It listens when it is told to. */
export function createServer(
  settings: ServerSettings,
  effects: ApiEffects,
  metrics: HttpMetrics,
): FastifyInstance {
  const visits = createVisits(settings.maxConcurrent)
  const server = Fastify({
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: settings.requestTimeoutMs,
    // Longer than the longest wait: it counts silence.
    connectionTimeout: 90_000,
    keepAliveTimeout: 10_000,
    exposeHeadRoutes: false,
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: settings.requestTimeoutMs,
      maxHeaderSize: 16 * 1024,
      // Node looks for late requests every thirty seconds by itself.
      connectionsCheckingInterval: Math.min(settings.requestTimeoutMs, 1_000),
    },
    genReqId: (request) => requestIdOf(request.headers['x-request-id'], effects.newId),
    clientErrorHandler: answerBrokenRequest,
    // A URL that cannot be read never comes to the hooks.
    frameworkErrors(error, request, reply) {
      noteEnd(request, reply, null)
      sendFailure(error, request, reply, effects)
    },
  })
  const noteEnd = (request: FastifyRequest, reply: FastifyReply, visit: Visit | null) => {
    const startedAt = performance.now()
    reply.raw.once('close', () => {
      const durationMs = performance.now() - startedAt
      effects.log.info(accessLine(request, reply, visit?.caller ?? null, durationMs), 'request')
      metrics.observe(request.routeOptions?.url ?? 'none', reply.statusCode, durationMs / 1_000)
    })
  }
  readJsonOurselves(server)
  closeConnectionsAtTheEnd(server, effects.waits)
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    const visit = visits.enter(request, reply)
    noteEnd(request, reply, visit)
    const isProbe = request.routeOptions.config.isProbe === true
    if (visit.isOneTooMany && !isProbe) throw new Problem('overloaded', { retryAfterS: 1 })
  })
  server.setErrorHandler((error, request, reply) => sendFailure(error, request, reply, effects))
  server.setNotFoundHandler(() => {
    throw new Problem('not_found')
  })
  for (const row of ROUTES) addRoute(server, row, effects, visits)
  return server
}

/** A connection that was kept alive after its last answer would hold the end of the server up. */
function closeConnectionsAtTheEnd(server: FastifyInstance, waits: Waits): void {
  let isClosing = false
  server.addHook('preClose', async () => {
    isClosing = true
    waits.stop()
  })
  server.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}

/** The body is kept as it came, for its signature covers its bytes. */
function readJsonOurselves(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = Buffer.from(body)
    if (body.length === 0) return done(null, undefined)
    try {
      done(null, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.rawBody)))
    } catch {
      // The parser's own words quote the body.
      done(new Problem('malformed_request', { detail: 'the body is not JSON in UTF-8' }))
    }
  })
}

function addRoute(server: FastifyInstance, row: AnyRoute, effects: ApiEffects, visits: Visits): void {
  const { scope } = row
  server.route({
    method: row.method,
    url: row.path.replace(/\{(\w+)\}/g, ':$1'),
    config: { isProbe: row.path === '/healthz' || row.path === '/readyz' },
    async onRequest(request) {
      if (scope !== null) visits.of(request).caller = await letIn(request, scope, effects.findKey)
    },
    async preHandler(request) {
      const { caller } = visits.of(request)
      if (caller !== null) await checkSignature(request, request.rawBody ?? new Uint8Array(), caller, effects)
    },
    async handler(request, reply) {
      const visit = visits.of(request)
      const caller = visit.caller ?? NOBODY
      const { params, query, body } = request
      const input = readInput(row, { params, query, body })
      const answer = await row.handle(input, {
        ...effects,
        caller,
        gone: visit.gone,
        yieldPlace: visit.leave,
      })
      const contentType = row.answers[answer.status]?.contentType
      reply.code(answer.status).headers({ ...answer.headers, 'cache-control': 'no-store' })
      if (contentType !== undefined)
        return reply.type(contentType).header('content-security-policy', PAGE_POLICY).send(answer.body)
      return reply.type('application/json').send(JSON.stringify(answer.body))
    },
  })
}

/** Our page has its style inside and no script. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

/** Who asks a route that asks for no key: such a route reads nothing of anybody. */
const NOBODY = {
  partner: '',
  holder: '',
  prefix: '',
  scopes: [],
  signingSecret: null,
  limits: {
    ordersPerMinute: null,
    rupiahPerOrder: null,
    rupiahPerDay: null,
    walletsPerDay: null,
    kinds: null,
  },
}

function sendFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log }: ApiEffects,
): FastifyReply {
  const problem = problemOf(error)
  if (problem.status >= 500 && !(error instanceof Problem))
    log.error({ request_id: request.id, err: error }, 'request failed')
  return reply
    .code(problem.status)
    .headers({ ...problem.headers, 'x-request-id': request.id })
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemDocument(problem)))
}
