import { html } from '../../core/html.ts'
import type { Role } from '../people.ts'
import type { Page } from '../route.ts'
import type { Texts } from '../texts/texts.ts'
import { UploadRefused } from '../uploads.ts'

const STATUS = {
  not_found: 404,
  other_site: 403,
  role: 403,
  signed_out: 401,
  bad_form: 415,
  too_large: 413,
  internal: 500,
} as const
export type ProblemCode = keyof typeof STATUS

interface About {
  /** Where to go after signing in. */
  readonly next?: string
  /** The roles one of which is needed. */
  readonly roles?: readonly Role[]
}

/** Why a request gets no answer of its own. */
export class ConsoleProblem extends Error {
  override name = 'ConsoleProblem'
  readonly code: ProblemCode
  readonly about: About

  constructor(code: ProblemCode, about: About = {}) {
    super(code)
    this.code = code
    this.about = about
  }

  /** What an error of the server or of Fastify means to a person. */
  static of(error: unknown): ConsoleProblem {
    if (error instanceof UploadRefused) return new ConsoleProblem('too_large')
    const status = (error as { statusCode?: unknown } | null)?.statusCode
    if (status === 413) return new ConsoleProblem('too_large')
    return new ConsoleProblem(status === 415 || status === 400 ? 'bad_form' : 'internal')
  }
}

export function problemPage({ code, about }: ConsoleProblem, texts: Texts, requestId: string): Page {
  const roles = (about.roles ?? []).map((role) => texts(`role.${role}`)).join(', ')
  const next =
    code === 'signed_out'
      ? html`<p><a class="button" href="/sign-in?next=${encodeURIComponent(about.next ?? '/')}">${texts('sign_in')}</a></p>`
      : html`<p><a href="/">${texts('nav.today')}</a></p>`
  return {
    title: texts(`problem.${code}`),
    status: STATUS[code],
    main: html`<p>${texts(`problem.${code}.what`, { roles })}</p>${next}
<p class="soft">${texts('problem.id')} <code>${requestId}</code></p>`,
  }
}
