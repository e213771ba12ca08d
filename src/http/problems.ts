import type { FieldProblem } from '../core/field-problems.ts'

/** Every problem this server answers with: its status and what it means. `docs/api.md` lists them; a test holds it equal. */
export const PROBLEMS = {
  malformed_request: { status: 400, title: 'The request cannot be read: its JSON, its URL or its HTTP' },
  invalid_request: { status: 400, title: 'A field is missing, unknown or not what it may be' },
  unauthorised: { status: 401, title: 'No valid key was presented' },
  signature_refused: { status: 401, title: 'The key asks for a signature, and this one is not good' },
  scope_missing: { status: 403, title: 'The key may not do this' },
  partner_suspended: { status: 403, title: 'The partner is suspended' },
  address_refused: { status: 403, title: 'The partner may not call from this address' },
  kind_not_allowed: { status: 403, title: 'The partner may not place orders of this kind' },
  second_person_needed: { status: 403, title: 'Another holder of a key, or an operator, must approve it' },
  rupiah_per_order: {
    status: 403,
    title: 'The order may move more rupiah than one order, or all of a day, of this partner may',
  },
  rupiah_unbounded: {
    status: 403,
    title: 'The partner has a limit of rupiah, and nothing in the order bounds what it may move',
  },
  not_found: { status: 404, title: 'There is no such thing, or it is not yours' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  reference_conflict: {
    status: 409,
    title: 'The reference is that of an order with other content, which stands',
  },
  batch_state: { status: 409, title: 'The batch is not in a state for this' },
  batch_changed: {
    status: 409,
    title: 'The batch is not the one that was looked at, or its rows have changed',
  },
  not_cancellable: { status: 409, title: 'The order can no longer be cancelled' },
  plan_conflict: {
    status: 409,
    title: 'The name is that of a plan of yours with other content, which stands',
  },
  plan_state: { status: 409, title: 'The state of the plan does not allow this' },
  batch_unfit: { status: 409, title: 'The batch cannot be that of a plan' },
  request_timeout: { status: 408, title: 'The request did not come whole in time' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not of a media type that this takes' },
  batch_refused: { status: 422, title: 'The file is no batch: nothing of it was stored' },
  gateway_refused: { status: 422, title: 'The gateway refuses this' },
  too_many_files: { status: 429, title: 'Too many files of yours are on their way' },
  orders_per_minute: { status: 429, title: "The minute's orders are used up" },
  rupiah_per_day: { status: 429, title: "The day's rupiah are used up" },
  wallets_per_day: { status: 429, title: "The day's wallets are used up" },
  headers_too_large: { status: 431, title: 'The header is too large' },
  internal: { status: 500, title: 'Something unforeseen went wrong here' },
  gateway_trouble: { status: 502, title: 'The gateway did not answer as it should' },
  overloaded: { status: 503, title: 'Too many requests are under way: try again' },
  unavailable: { status: 503, title: 'The database cannot be reached: try again' },
  gateway_missing: { status: 503, title: 'This server has no gateway to ask' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** One bad row of a file; its value is masked. */
export interface BadRow {
  readonly row: number
  readonly line: number
  readonly column: string | null
  readonly value: string
  readonly expected: string
}

interface ProblemFacts {
  /** What is wrong with this request; never holds a value out of it. */
  readonly detail?: string
  readonly errors?: readonly FieldProblem[]
  readonly differs?: readonly string[]
  readonly problems?: readonly BadRow[]
  readonly retryAfterS?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A request that is answered with a problem document. */
export class Problem extends Error {
  override name = 'Problem'
  readonly code: ProblemCode
  readonly facts: ProblemFacts

  constructor(code: ProblemCode, facts: ProblemFacts = {}) {
    super(code)
    this.code = code
    this.facts = facts
  }

  get status(): number {
    return PROBLEMS[this.code].status
  }

  get headers(): Record<string, string> {
    const { retryAfterS, headers = {} } = this.facts
    return {
      ...headers,
      ...(this.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    }
  }
}

export const PROBLEM_TYPE = 'application/problem+json'

/** The RFC 9457 document of a problem. */
export function problemDocument({ code, facts }: Problem): Record<string, unknown> {
  const { status, title } = PROBLEMS[code]
  const { detail, errors, differs, problems } = facts
  return {
    type: `urn:goldpro:problem:${code}`,
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    ...(differs === undefined ? {} : { differs }),
    ...(problems === undefined ? {} : { problems }),
  }
}
