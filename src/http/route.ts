import type { z } from 'zod'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scopes.ts'
import type { Traces } from '../core/traces.ts'
import type { Database } from '../postgres/pool.ts'
import type { Authentication, Caller } from './caller.ts'
import type { LongPoll } from './long-poll.ts'
import type { ProblemCode } from './problems.ts'
import type { Readiness } from './readiness.ts'
import type { InSession, Sessions } from './sessions.ts'
import type { UploadSlots } from './uploads.ts'

/**
 * Dependencies of handlers, passed in by the web process. A capability adds its own by declaration merging, so that the
 * kernel knows no capability.
 */
export interface ApiDeps {
  readonly database: Database
  readonly authentication: Authentication
  readonly longPoll: LongPoll
  readonly sessions: Sessions
  readonly uploadSlots: UploadSlots
  readiness(): Promise<Readiness>
  newId(): string
  /** Milliseconds since the epoch. */
  now(): number
  readonly log: Log
  readonly traces: Traces
  /** The product's version. */
  readonly version: string
}

/** The context of a handler besides its input. */
export interface Call extends ApiDeps {
  readonly caller: Caller
  /** Runs work in a session of Postgres, which counts as the caller's. */
  readonly inSession: InSession
  /** The media types that the client accepts, as it wrote them. */
  readonly accept: string
  /** Aborted when the client has disconnected and when the answer has ended. */
  readonly signal: AbortSignal
  /** Authenticates the key again after a wait, in which it may have been revoked. @throws Problem */
  reauthenticate(): Promise<void>
  /** Releases the slot of a request that only waits from now on. */
  releaseSlot(): void
}

export interface Input<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  /** One of the answer's other media types, where the request asks for it. */
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One kind of answer of a route. */
export interface AnswerRow {
  readonly description: string
  /** Default: `application/json`. */
  readonly contentType?: string
  /** Null: a text that is not JSON. */
  readonly schema: z.ZodType | null
  readonly example: unknown
  /** Other media types of the same answer, each a text with an example. */
  readonly texts?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** One row of the table of routes. Registration, validation, OpenAPI, docs and tests are derived from it. */
export interface Route<Params, Query, Body> {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** In OpenAPI's spelling: `/v1/orders/{id}`. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  /** Null: a public route, or one of operators. */
  readonly scope: Scope | null
  /** The command that the route gives: operators whose role may give it use the route by their tokens, and no partner does. */
  readonly operatorCommand?: string
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /** The schema only describes the body; the handler reads it. */
  readonly readsBody?: true
  readonly bodyExamples?: Readonly<Record<string, unknown>>
  /** The body is a file of one of these media types, each with an example; the handler gets it as an `Upload`. */
  readonly files?: Readonly<Record<string, string>>
  readonly answers: Readonly<Record<number, AnswerRow>>
  /** Problems of this route beside the common ones. */
  readonly problems: readonly ProblemCode[]
  handle(input: Input<Params, Query, Body>, call: Call): Promise<Answer>
}

export type AnyRoute = Route<unknown, unknown, unknown>

/** Checks a row's types where it is written, and widens them for the table. */
export function route<Params = undefined, Query = undefined, Body = undefined>(
  row: Route<Params, Query, Body>,
): AnyRoute {
  return row as AnyRoute
}

/** Whether a load balancer asks it. Probes are answered under overload too. */
export function isProbe({ path }: Pick<AnyRoute, 'path'>): boolean {
  return path === '/healthz' || path === '/readyz'
}

/** Problems that any route may answer with. */
export const COMMON_PROBLEMS = [
  'malformed_request',
  'method_not_allowed',
  'request_timeout',
  'headers_too_large',
  'internal',
] as const satisfies readonly ProblemCode[]

/** Problems of every route that needs a key. */
export const KEY_PROBLEMS = [
  'unauthorised',
  'signature_refused',
  'scope_missing',
  'partner_suspended',
  'address_refused',
  'unavailable',
] as const satisfies readonly ProblemCode[]

/** Problems of every route that needs an operator's token. */
export const TOKEN_PROBLEMS = [
  'unauthorised',
  'role_missing',
  'unavailable',
] as const satisfies readonly ProblemCode[]

/** Every problem a route may answer with. */
export function problemsOf(row: AnyRoute): ProblemCode[] {
  const takes = row.params !== undefined || row.query !== undefined || row.body !== undefined
  return [
    ...row.problems,
    ...(takes ? (['invalid_request'] as const) : []),
    ...(row.files === undefined ? [] : (['too_many_files'] as const)),
    ...(row.method === 'POST' || row.method === 'PATCH'
      ? (['payload_too_large', 'unsupported_media_type'] as const)
      : []),
    ...(row.scope === null ? [] : KEY_PROBLEMS),
    ...(row.operatorCommand === undefined ? [] : TOKEN_PROBLEMS),
    ...(isProbe(row) ? [] : (['overloaded'] as const)),
    ...COMMON_PROBLEMS,
  ]
}
