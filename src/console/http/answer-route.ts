import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { renderDocument } from '../html/layout.ts'
import type { Operator } from '../people.ts'
import type { Answer, Call, ConsoleDeps, ConsoleRoute } from '../route.ts'
import { type Texts, textsIn } from '../texts/texts.ts'
import { type Cookies, readCookie } from './cookies.ts'
import { ConsoleProblem } from './problem-pages.ts'
import { type ReceivedForm, readFileForm } from './read-form.ts'

/** What is known of a request before its handler runs. */
export interface Known {
  readonly operator: Operator | null
  readonly texts: Texts
}

/** What routes are answered with. */
export interface Context {
  readonly deps: ConsoleDeps
  readonly cookies: Cookies
  readonly known: WeakMap<FastifyRequest, Known>
}

/** Adds one route: whoever may not is refused, the request becomes a call, and its answer is sent. */
export function addRoute(server: FastifyInstance, route: ConsoleRoute, context: Context): void {
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
