import { randomUUID } from 'node:crypto'
import { fastify as Fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { renderDocument } from '../html/layout.ts'
import type { ConsoleDeps, ConsoleRoute } from '../route.ts'
import { languageOf, type Texts, textsIn } from '../texts/texts.ts'
import { addRoute, type Known } from './answer-route.ts'
import { addAssets } from './asset-routes.ts'
import { cookiesFor, readCookie } from './cookies.ts'
import { OF_ONE_READER, SECURITY_HEADERS } from './headers.ts'
import { ConsoleProblem, problemPage } from './problem-pages.ts'
import { isSameOrigin } from './same-origin.ts'

export interface ConsoleSettings {
  /** `CONSOLE_ORIGIN`: null where the console is asked by its own address. */
  readonly publicOrigin: string | null
  readonly trustedProxies: readonly string[]
  readonly uploadLimitBytes: number
}

const BODY_LIMIT = 256 * 1024
/** A file may take minutes to arrive. */
const REQUEST_TIMEOUT_MS = 5 * 60_000

/** Creates the console's server. It does not listen yet. */
export function createConsoleServer(
  routes: readonly ConsoleRoute[],
  settings: ConsoleSettings,
  deps: ConsoleDeps,
): FastifyInstance {
  const cookies = cookiesFor(settings.publicOrigin?.startsWith('https:') === true)
  const known = new WeakMap<FastifyRequest, Known>()
  const server = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    routerOptions: { maxParamLength: 300 },
    http: { headersTimeout: 15_000, maxHeaderSize: 16 * 1024 },
    genReqId: () => randomUUID(),
    frameworkErrors: (_error, request, reply) => sendProblem(new ConsoleProblem('not_found'), request, reply),
  })
  const textsOf = (request: FastifyRequest): Texts => {
    const chosen = readCookie(request.headers.cookie, cookies.language)
    return textsIn(languageOf(chosen, request.headers['accept-language']))
  }
  const sendProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const problem = error instanceof ConsoleProblem ? error : ConsoleProblem.of(error)
    if (problem.code === 'internal') deps.log.error({ request_id: request.id, err: error }, 'page failed')
    const { operator = null, texts = textsOf(request) } = known.get(request) ?? {}
    if (problem.code === 'signed_out' && request.method === 'GET') return toSignIn(problem, request, reply)
    const page = problemPage(problem, texts, request.id)
    const frame = { operator, texts, url: request.method === 'GET' ? request.url : '/' }
    return reply
      .code(page.status ?? 500)
      .headers({ ...SECURITY_HEADERS, ...OF_ONE_READER })
      .type('text/html; charset=utf-8')
      .send(renderDocument(page, frame))
  }
  server.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  server.setNotFoundHandler((request, reply) => sendProblem(new ConsoleProblem('not_found'), request, reply))
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, ...OF_ONE_READER, 'x-request-id': request.id })
    noteEnd(request, reply, deps)
    // Before anything of the request counts.
    if (request.method === 'POST' && !isSameOrigin(request.headers, settings.publicOrigin))
      throw new ConsoleProblem('other_site')
    const isPersonal = request.headers['hx-request'] === undefined
    const secret = readCookie(request.headers.cookie, cookies.session)
    const operator = secret === '' ? null : await deps.signIn.recall(secret, isPersonal)
    known.set(request, { operator, texts: textsOf(request) })
  })
  acceptForms(server)
  addAssets(server)
  for (const route of routes) addRoute(server, route, { deps, cookies, known })
  return server
}

/** A page that asks for itself again is loaded anew: a part of it could not show the sign-in. */
function toSignIn({ about }: ConsoleProblem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.headers['hx-request'] !== undefined) return reply.code(401).header('hx-refresh', 'true').send()
  return reply
    .code(303)
    .header('location', `/sign-in?next=${encodeURIComponent(about.next ?? '/')}`)
    .send()
}

function noteEnd(request: FastifyRequest, reply: FastifyReply, { log }: ConsoleDeps): void {
  reply.raw.once('close', () => {
    // The pattern, not the address: searches have phone numbers.
    const route = request.routeOptions?.url ?? 'none'
    const ms = Math.round(reply.elapsedTime)
    log.info({ request_id: request.id, method: request.method, route, status: reply.statusCode, ms }, 'page')
  })
}

function acceptForms(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
  // Read by the handler of a route that takes a file; every other route refuses it.
  server.addContentTypeParser('multipart/form-data', (_request, body, done) => done(null, body))
}
