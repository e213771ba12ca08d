import type { Readable } from 'node:stream'
import type { AnyChangeKind } from '../approvals/change-kind.ts'
import type { BreakerRules } from '../breaker/rules.ts'
import type { Markup } from '../core/html.ts'
import type { Log } from '../core/log.ts'
import type { Person } from '../operators/person-commands.ts'
import type { Database } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import type { Enrolment } from './enrolment.ts'
import type { Cookies } from './http/cookies.ts'
import type { Provider } from './oidc/provider.ts'
import type { Operator, Role } from './people.ts'
import type { SignIn } from './sign-in.ts'
import type { Texts } from './texts/texts.ts'
import type { Uploads } from './uploads.ts'

/** What the console is made of. */
export interface ConsoleDeps {
  readonly database: Database
  /** Runs work in a session of Postgres of its own. */
  inSession<T>(work: (session: Session) => Promise<T>): Promise<T>
  readonly signIn: SignIn
  /** Null: names are declared, and nobody sets a password. */
  readonly enrolment: Enrolment | null
  /** Null: nobody signs in by an account. */
  readonly provider: Provider | null
  readonly changeKinds: readonly AnyChangeKind[]
  /** `ONE_PERSON` */
  readonly onePersonTeam: boolean
  /** `RECON_LAG_MINUTES`, in milliseconds. */
  readonly reconLagMs: number
  /** The breaker as this process is configured, which is as the workers are; null: it is off. */
  readonly breaker: BreakerRules | null
  /** Wakes an order that a person released. */
  wake(orderId: string): void
  readonly uploads: Uploads
  readonly log: Log
}

/** The request that a handler answers. */
export interface Call extends ConsoleDeps {
  readonly operator: Operator
  readonly path: string
  /** The name by which the console was asked, without its port. */
  readonly host: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The fields of a form; empty for a GET. */
  readonly form: URLSearchParams
  /** The file of a form that has one. */
  readonly file: ReceivedFile | null
  readonly address: string
  /** What the session's cookie holds; empty without one. */
  readonly sessionSecret: string
  /** What the browser keeps while somebody is at the OpenID Connect provider; empty without it. */
  readonly accountFlow: string
  readonly texts: Texts
  may(...roles: readonly Role[]): boolean
  /** Who gives the command of this request, and why. */
  person(note: string): Person
}

/** A file that has arrived completely. */
export interface ReceivedFile {
  readonly uploadId: string
  readonly name: string
  readonly bytes: number
}

/** A page, or what comes instead. */
export type Answer =
  | ({ readonly is: 'page' } & Page)
  | { readonly is: 'redirect'; readonly to: string; readonly setCookie?: (cookies: Cookies) => string }
  | { readonly is: 'file'; readonly name: string; readonly type: string; readonly body: Readable }

export interface Page {
  readonly title: string
  readonly main: Markup
  readonly status?: number
  /** Why a command was refused. */
  readonly problem?: string
  /** Whether the page asks for itself again from time to time. */
  readonly isLive?: boolean
  /** Where the browser goes on by itself. */
  readonly goTo?: string
  readonly setCookie?: (cookies: Cookies) => readonly string[]
}

/** One row of the console's table of routes. Its roles are checked before anything of the request is read. */
export interface ConsoleRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Whoever has one of them may. Null: nobody needs to be signed in. */
  readonly roles: readonly Role[] | null
  readonly takesFile?: true
  handle(call: Call): Promise<Answer>
}

/** Every operator may read. */
export const READS: readonly Role[] = ['viewer', 'maker', 'checker', 'admin']
/** Proposes what another person approves. */
export const PROPOSES: readonly Role[] = ['maker']
/** Approves what another person proposed. */
export const APPROVES: readonly Role[] = ['checker']
/** Administrates partners: what lets more happen than before. */
export const ADMINISTRATES: readonly Role[] = ['admin']
/** One person is enough to make things safer. */
export const MAKES_SAFER: readonly Role[] = ['maker', 'checker', 'admin']

export const page = (of: Page): Answer => ({ is: 'page', ...of })

/** After a command: the page to look at next, which says that it was done. */
export const done = (to: string, what: string): Answer => ({
  is: 'redirect',
  to: `${to}${to.includes('?') ? '&' : '?'}done=${what}`,
})
