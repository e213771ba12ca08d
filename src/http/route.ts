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
 * What handlers use of the world, passed in by the web process. A capability adds what its own routes use by declaration
 * merging, so that the kernel knows no capability.
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

/** What a handler knows of the request besides its input. */
export interface Call extends ApiDeps {
  readonly caller: Caller
  /** A session of Postgres for the caller, as long as its client waits. */
  readonly inSession: InSession
  /** Aborted when the client has gone, and when its answer has ended. */
  readonly signal: AbortSignal
  /** Fails when the key would not be let in any more: a minute may have passed. @throws Problem */
  reauthenticate(): Promise<void>
  /** Gives back the slot of a request that only waits from now on. */
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
  readonly headers?: Readonly<Record<string, string>>
}

/** One kind of answer of a route. */
export interface AnswerRow {
  readonly description: string
  /** `application/json` when it is not said. */
  readonly contentType?: string
  /** Null: a text that is not JSON. */
  readonly schema: z.ZodType | null
  readonly example: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One row of the table of routes: registration, validation, description and tests follow from it. */
export interface Route<Params, Query, Body> {
  readonly name: string
  readonly method: 'GET' | 'POST'
  /** In OpenAPI's spelling: `/v1/orders/{id}`. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  /** Null: anybody may ask. */
  readonly scope: Scope | null
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /** The schema only describes the body; the handler reads it. */
  readonly readsBody?: true
  readonly bodyExamples?: Readonly<Record<string, unknown>>
  /** The body is a file of one of these media types, each with an example; the handler gets it as an `Upload`. */
  readonly files?: Readonly<Record<string, string>>
  readonly answers: Readonly<Record<number, AnswerRow>>
  /** Problems beside those every route may answer with. */
  readonly problems: readonly ProblemCode[]
  handle(input: Input<Params, Query, Body>, call: Call): Promise<Answer>
}

export type AnyRoute = Route<unknown, unknown, unknown>

/** Keeps a row's types together while it is written, and forgets them in the table. */
export function route<Params = undefined, Query = undefined, Body = undefined>(
  row: Route<Params, Query, Body>,
): AnyRoute {
  return row as AnyRoute
}

/** Asked by a load balancer: answered also when everything else is too much. */
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

/** Problems of every route that asks for a key. */
export const KEY_PROBLEMS = [
  'unauthorised',
  'signature_refused',
  'scope_missing',
  'partner_suspended',
  'address_refused',
  'unavailable',
] as const satisfies readonly ProblemCode[]

/** Every problem a route may answer with. */
export function problemsOf(row: AnyRoute): ProblemCode[] {
  const takes = row.params !== undefined || row.query !== undefined || row.body !== undefined
  return [
    ...row.problems,
    ...(takes ? (['invalid_request'] as const) : []),
    ...(row.files === undefined ? [] : (['too_many_files'] as const)),
    ...(row.method === 'POST' ? (['payload_too_large', 'unsupported_media_type'] as const) : []),
    ...(row.scope === null ? [] : KEY_PROBLEMS),
    ...(isProbe(row) ? [] : (['overloaded'] as const)),
    ...COMMON_PROBLEMS,
  ]
}
