import type { Role } from '../operators/enums.ts'
import type { Person } from '../operators/person-commands.ts'
import type { RecalledSession } from '../operators/sign-in/sessions.ts'

export type { Role }

/** Somebody who is signed in. */
export interface Operator {
  readonly name: string
  readonly roles: readonly Role[]
  /** The operator as the giver of a command. @param command what it is called in the audit */
  person(note: string, command: string): Person
}

/** What a person types to sign in. */
export interface Credentials {
  readonly name: string
  readonly password: string
  /** The code of a TOTP app, or a recovery code; empty where none is needed. */
  readonly code: string
}

/** An account at an OpenID Connect provider, as a verified ID token names it. */
export interface Account {
  readonly issuer: string
  readonly subject: string
}

/** What became of a proof. */
export type Opened =
  | { readonly is: 'signed_in'; readonly name: string }
  | { readonly is: 'refused' }
  /** It is right, and somebody else must confirm it first: with this mark. */
  | { readonly is: 'waiting'; readonly name: string; readonly mark: string }

/** Who the operators are. The console knows no more of it. */
export interface People {
  /** Whether names are only declared: for trying the product. */
  readonly isDevelopment: boolean
  /** Opens a session with this id. It takes as long for a name that nobody has. */
  openByPassword(given: Credentials, sessionId: string): Promise<Opened>
  openByAccount(account: Account, sessionId: string): Promise<Opened>
  /** The operator of a session; null when nobody has the name any more. @param secret proves it to Postgres */
  operatorOf(session: RecalledSession, secret: string): Operator | null
}
