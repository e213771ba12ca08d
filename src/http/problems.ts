import type { FieldProblem } from '../core/field-problems.ts'

/** Every problem of the API: its status and its title. A test holds the list in `docs/api.md` equal. */
export const PROBLEMS = {
  malformed_request: { status: 400, title: 'The JSON, the URL or the HTTP of the request cannot be read' },
  invalid_request: { status: 400, title: 'A field is missing, unknown or invalid' },
  unauthorised: { status: 401, title: 'No valid key was presented' },
  signature_refused: {
    status: 401,
    title: 'The key requires a signature, and this one is missing or invalid',
  },
  scope_missing: { status: 403, title: 'The key lacks the scope for this' },
  role_missing: { status: 403, title: 'The operator does not have the role for this' },
  partner_suspended: { status: 403, title: 'The partner is suspended' },
  address_refused: { status: 403, title: 'The partner may not call from this address' },
  kind_not_allowed: { status: 403, title: 'The partner may not place orders of this kind' },
  second_person_needed: { status: 403, title: 'Another holder of a key, or an operator, must approve it' },
  rupiah_per_order: {
    status: 403,
    title: 'The order may move more rupiah than the partner may in one order or one day',
  },
  rupiah_unbounded: {
    status: 403,
    title: 'The partner has a rupiah limit, and the order has no bound on the rupiah that it may move',
  },
  wallet_refused: {
    status: 403,
    title: 'The wallet is not linked to you: register it, or ask the operator to link it',
  },
  not_found: { status: 404, title: 'It does not exist, or it is not yours' },
  method_not_allowed: { status: 405, title: 'The path does not accept this method' },
  reference_conflict: {
    status: 409,
    title: 'The reference belongs to an order with other content, which stays as it is',
  },
  batch_state: { status: 409, title: 'The state of the batch does not allow this' },
  batch_changed: {
    status: 409,
    title: 'The batch is not the one that was previewed, or its rows have changed',
  },
  not_cancellable: { status: 409, title: 'The order can no longer be cancelled' },
  plan_conflict: {
    status: 409,
    title: 'The name belongs to a plan of yours with other content, which stays as it is',
  },
  plan_state: { status: 409, title: 'The state of the plan does not allow this' },
  batch_unfit: { status: 409, title: 'The batch cannot be used for a plan' },
  endpoint_state: {
    status: 409,
    title: 'The endpoint, or what was asked for it before, does not allow this',
  },
  statement_known: { status: 409, title: 'The statement is imported already' },
  cursor_outdated: {
    status: 409,
    title: 'The database was restored since this cursor was given: read from the beginning',
  },
  request_timeout: { status: 408, title: 'The request did not arrive completely in time' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The route does not accept this media type' },
  batch_refused: { status: 422, title: 'The file is not a valid batch: nothing of it was stored' },
  statement_refused: { status: 422, title: 'The file is not a valid statement: nothing of it was stored' },
  gateway_refused: { status: 422, title: 'The gateway refuses this' },
  too_many_files: { status: 429, title: 'You are transferring too many files at once' },
  orders_per_minute: { status: 429, title: 'The limit of orders per minute is reached' },
  rupiah_per_day: { status: 429, title: 'The limit of rupiah per day is reached' },
  wallets_per_day: { status: 429, title: 'The limit of wallets per day is reached' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'An unexpected error on the server' },
  gateway_trouble: { status: 502, title: 'The gateway did not answer properly' },
  overloaded: { status: 503, title: 'Too many requests are in flight: try again' },
  unavailable: { status: 503, title: 'The database cannot be reached: try again' },
  gateway_missing: { status: 503, title: 'This server has no gateway configured' },
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
  /** What is wrong with this request; never holds one of its values. */
  readonly detail?: string
  readonly errors?: readonly FieldProblem[]
  readonly differs?: readonly string[]
  readonly problems?: readonly BadRow[]
  readonly retryAfterS?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers the request with a problem document. */
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
