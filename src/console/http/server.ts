import { randomUUID } from 'node:crypto'
import { fastify as Fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { renderDocument } from '../html/layout.ts'
import type { Operator } from '../people.ts'
import type { Answer, Call, ConsoleDeps, ConsoleRoute } from '../route.ts'
import { languageOf, type Texts, textsIn } from '../texts/texts.ts'
import { addAssets } from './asset-routes.ts'
import { type Cookies, cookiesFor, readCookie } from './cookies.ts'
import { OF_ONE_READER, SECURITY_HEADERS } from './headers.ts'
import { ConsoleProblem, problemPage } from './problem-pages.ts'
import { type ReceivedForm, readFileForm } from './read-form.ts'
import { isSameOrigin } from './same-origin.ts'

export interface ConsoleSettings {
  /** `CONSOLE_ORIGIN`: null where the console is asked by its own address. */
  readonly publicOrigin: string | null
  readonly trustedProxies: readonly string[]
  readonly uploadLimitBytes: number
}

/** What is known of a request before its handler runs. */
interface Known {
  readonly operator: Operator | null
  readonly texts: Texts
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
  for (const route of routes) addRoute(server, route, { settings, deps, cookies, known })
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

interface Context {
  readonly settings: ConsoleSettings
  readonly deps: ConsoleDeps
  readonly cookies: Cookies
  readonly known: WeakMap<FastifyRequest, Known>
}

function addRoute(server: FastifyInstance, route: ConsoleRoute, context: Context): void {
  server.route({
    method: route.method,
    url: route.path,
    onRequest: async (request) => admit(route, request, context),
    async handler(request, reply) {
      const call = await callOf(route, request, context)
      return send(await route.handle(call), call, { request, reply, context })
    },
  })
}

/** Whoever may not is refused before the body is read. */
function admit({ roles }: ConsoleRoute, request: FastifyRequest, { known }: Context): void {
  if (roles === null) return
  const operator = known.get(request)?.operator ?? null
  if (operator === null) throw new ConsoleProblem('signed_out', { next: request.url })
  if (!roles.some((role) => operator.roles.includes(role))) throw new ConsoleProblem('role', { roles })
}

/** Whoever signs in has no name yet; no command is given in this one. */
const NOBODY: Operator = {
  name: '',
  roles: [],
  person() {
    throw new Error('nobody is signed in')
  },
}

async function callOf(
  route: ConsoleRoute,
  request: FastifyRequest,
  { deps, known, cookies }: Context,
): Promise<Call> {
  const { operator, texts } = known.get(request) ?? { operator: null, texts: textsIn('en') }
  const { form, file } = await formOf(route, request, operator, deps)
  const [path = '', search = ''] = request.url.split(/\?(.*)/s)
  return {
    ...deps,
    operator: operator ?? NOBODY,
    path,
    host: request.hostname,
    params: request.params as Record<string, string>,
    query: new URLSearchParams(search),
    form,
    file,
    address: request.ip,
    sessionSecret: readCookie(request.headers.cookie, cookies.session),
    accountFlow: readCookie(request.headers.cookie, cookies.account),
    texts,
    person: (note) => (operator ?? NOBODY).person(note, `console ${path}`),
    may: (...roles) => operator !== null && roles.some((role) => operator.roles.includes(role)),
  }
}

async function formOf(
  route: ConsoleRoute,
  request: FastifyRequest,
  operator: Operator | null,
  { uploads }: ConsoleDeps,
): Promise<ReceivedForm> {
  if (request.method !== 'POST') return { form: new URLSearchParams(), file: null }
  if (request.body instanceof URLSearchParams) return { form: request.body, file: null }
  if (route.takesFile !== true || operator === null) {
    request.raw.resume()
    throw new ConsoleProblem('bad_form')
  }
  return await readFileForm(request.raw, request.headers, operator.name, uploads)
}

function send(
  answer: Answer,
  call: Call,
  { request, reply, context }: { request: FastifyRequest; reply: FastifyReply; context: Context },
): FastifyReply {
  switch (answer.is) {
    case 'redirect': {
      const cookie = answer.setCookie?.(context.cookies)
      if (cookie !== undefined) reply.header('set-cookie', cookie)
      return reply.code(303).header('location', answer.to).send()
    }
    case 'file':
      return reply
        .type(answer.type)
        .header('content-disposition', `attachment; filename="${answer.name.replace(/[^\w.-]/g, '_')}"`)
        .send(answer.body)
    case 'page': {
      const operator = context.known.get(request)?.operator ?? null
      const frame = { operator, texts: call.texts, url: request.method === 'GET' ? request.url : call.path }
      const cookies = answer.setCookie?.(context.cookies)
      if (cookies !== undefined) reply.header('set-cookie', cookies)
      const isLive = answer.isLive === true && request.method === 'GET'
      reply.code(answer.status ?? 200).type('text/html; charset=utf-8')
      return reply.send(renderDocument({ ...answer, isLive }, frame))
    }
  }
}
