import { Readable } from 'node:stream'
import type { Authentication, Caller } from './caller.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from './fastify.ts'
import type { InFlight, InFlightRequest } from './in-flight.ts'
import { Problem } from './problems.ts'
import { readInput } from './read-input.ts'
import { type Answer, type AnyRoute, type ApiDeps, type Call, isProbe } from './route.ts'
import { withUpload } from './uploads.ts'

/** Adds a route with a JSON body or without a body. */
export function addRoute(server: FastifyInstance, row: AnyRoute, deps: ApiDeps, inFlight: InFlight): void {
  server.route({
    ...placeOf(row),
    config: { isProbe: isProbe(row) },
    onRequest: (request) => admit(request, row, deps, inFlight),
    async preHandler(request) {
      refuseLate(request)
      const { caller } = inFlight.of(request)
      if (caller === null) return
      const signature = deps.authentication.beginSignature(request, caller)
      signature?.add(request.rawBody ?? new Uint8Array())
      await signature?.finish()
    },
    async handler(request, reply) {
      const { params, query, body } = request
      const input = readInput(row, { params, query, body })
      const current = inFlight.of(request)
      const answer = await current.span.inside(() => row.handle(input, callOf(request, row, deps, current)))
      return send(row, answer, reply)
    },
  })
}

/**
 * Adds routes whose body is a file, in a Fastify context of their own: it accepts other media types, and leaves reading the
 * body to the handler.
 */
export function addFileRoutes(
  server: FastifyInstance,
  rows: readonly AnyRoute[],
  { uploadLimitBytes: limitBytes }: { readonly uploadLimitBytes: number },
  { deps, inFlight }: { readonly deps: ApiDeps; readonly inFlight: InFlight },
): void {
  server.register(async (files) => {
    files.removeAllContentTypeParsers()
    const mediaTypes = [...new Set(rows.flatMap((row) => Object.keys(row.files ?? {})))]
    files.addContentTypeParser(mediaTypes, (_request, body, done) => done(null, body))
    for (const row of rows) {
      files.route({
        ...placeOf(row),
        config: { takesFile: true },
        onRequest: (request) => admit(request, row, deps, inFlight),
        async handler(request, reply) {
          const current = inFlight.of(request)
          const call = callOf(request, row, deps, current)
          const release = deps.uploadSlots.take(call.caller.partner)
          try {
            const signature = deps.authentication.beginSignature(request, call.caller)
            const { params, query } = request
            const answer = await withUpload(
              bodyOf(request, row, limitBytes),
              { limitBytes, signature },
              async (body) => {
                const input = readInput(row, { params, query, body })
                refuseLate(request)
                // The upload may have taken minutes: the key may have been revoked, or the partner suspended.
                await call.reauthenticate()
                return await current.span.inside(() => row.handle(input, call))
              },
            )
            return send(row, answer, reply)
          } finally {
            release()
          }
        },
      })
    }
  })
}

const placeOf = ({ method, path }: AnyRoute) => ({ method, url: path.replace(/\{(\w+)\}/g, ':$1') })

/** The unread body. Refuses one whose declared length is too large before reading it. */
function bodyOf({ body, headers }: FastifyRequest, { files = {} }: AnyRoute, limitBytes: number): Readable {
  if (!(body instanceof Readable)) throw new Problem('unsupported_media_type')
  // The parser accepts the media types of all routes that take files.
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';')
  if (!Object.hasOwn(files, mediaType.trim().toLowerCase())) {
    body.resume()
    throw new Problem('unsupported_media_type')
  }
  if (Number(headers['content-length'] ?? 0) > limitBytes) {
    body.resume()
    throw new Problem('payload_too_large', { detail: `a file has at most ${limitBytes} bytes` })
  }
  return body
}

/** Refuses a request that was already answered as late: its sender was told that it failed. */
function refuseLate({ raw }: FastifyRequest): void {
  if (raw.socket.writableEnded) throw new Problem('request_timeout')
}

/** Admits a request whose key has the route's scope, if its partner has a slot left. @throws Problem */
async function admit(
  request: FastifyRequest,
  row: AnyRoute,
  { authentication }: ApiDeps,
  inFlight: InFlight,
): Promise<void> {
  const caller = await authenticated(request, row, authentication)
  if (caller === null) return
  if (!inFlight.of(request).admit(caller)) throw new Problem('overloaded', { retryAfterS: 1 })
}

/** Who asks; null on a public route. @throws Problem */
async function authenticated(
  request: FastifyRequest,
  { scope, operatorCommand }: AnyRoute,
  authentication: Authentication,
): Promise<Caller | null> {
  if (operatorCommand !== undefined)
    return await authentication.authenticateOperator(request, operatorCommand)
  return scope === null ? null : await authentication.authenticateRequest(request, scope)
}

function callOf(request: FastifyRequest, row: AnyRoute, deps: ApiDeps, current: InFlightRequest): Call {
  const { authentication, sessions } = deps
  const caller = current.caller ?? authentication.anonymous
  return {
    ...deps,
    caller,
    accept: request.headers.accept ?? '',
    get signal() {
      return current.signal
    },
    releaseSlot: current.releaseSlot,
    inSession: (work) => sessions.open({ partner: caller.partner, signal: current.signal }, work),
    async reauthenticate() {
      await authenticated(request, row, authentication)
    },
  }
}

function send(row: AnyRoute, answer: Answer, reply: FastifyReply): FastifyReply {
  const contentType = answer.contentType ?? row.answers[answer.status]?.contentType
  reply.code(answer.status).headers({ ...answer.headers })
  if (contentType !== undefined)
    return reply.type(contentType).header('content-security-policy', PAGE_POLICY).send(answer.body)
  return reply.type('application/json').send(JSON.stringify(answer.body))
}

/** The page has inline style and no script. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
