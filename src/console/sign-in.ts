import { createHash } from 'node:crypto'
import { personKey, readPersonName } from '../core/person.ts'
import { endSession, recallSession } from '../operators/sign-in/sessions.ts'
import type { Database } from '../postgres/pool.ts'
import type { Account, Credentials, Opened, Operator, People } from './people.ts'
import { isSessionSecret, newSessionSecret, sessionIdOf } from './session-secret.ts'
import { appendEvent } from './store/events.ts'
import { beginAttempt, deletePastThrottles, forgetFailures, takeBackAttempt } from './store/throttles.ts'

/** How long a cookie is kept. Postgres ends a session then, or after 30 minutes without use. */
export const LONGEST_MINUTES = 12 * 60

/** Failures that cost no wait: of one name, and of one address, behind which a whole office may sit. */
const FREE_OF_NAME = 5
const FREE_OF_ADDRESS = 30

export type SignedIn =
  | { readonly is: 'signed_in'; readonly secret: string }
  | { readonly is: 'refused' }
  | { readonly is: 'waiting'; readonly name: string; readonly mark: string }
  /** Too many failures: so many seconds until the next try. */
  | { readonly is: 'throttled'; readonly waitS: number }

/** Signs people in and out, and tells whose a session is. */
export interface SignIn {
  /** Whether names are only declared. */
  readonly isDevelopment: boolean
  /** Whether people may sign in by a password. */
  readonly hasPasswords: boolean
  signIn(given: Credentials, address: string): Promise<SignedIn>
  signInByAccount(account: Account, address: string): Promise<SignedIn>
  /** Null: nobody is signed in. @param isPersonal false when a page asks by itself: that keeps no session alive */
  recall(secret: string, isPersonal: boolean): Promise<Operator | null>
  signOut(secret: string, address: string): Promise<void>
}

/** @param hasPasswords false with `CONSOLE_OIDC_ONLY` */
export function createSignIn(database: Database, people: People, hasPasswords = true): SignIn {
  return {
    isDevelopment: people.isDevelopment,
    hasPasswords,
    async signIn(given, address) {
      if (!hasPasswords) return { is: 'refused' }
      const name = readPersonName(given.name) ?? ''
      const nameKey = keyOf('name', personKey(name))
      const attempts = [
        { key: keyOf('address', address), free: FREE_OF_ADDRESS },
        { key: nameKey, free: FREE_OF_NAME },
      ]
      const waitS = await waitOf(database, attempts)
      if (waitS > 0) return { is: 'throttled', waitS }
      const { opened, secret } = await withSecret((id) => people.openByPassword({ ...given, name }, id))
      const asked = { opened, secret, address, who: name === '' ? '?' : name, subject: null }
      if (opened.is !== 'refused') await forgetFailures(database, { key: nameKey })
      return await answer(database, asked)
    },
    async signInByAccount(account, address) {
      const waitS = await waitOf(database, [{ key: keyOf('address', address), free: FREE_OF_ADDRESS }])
      if (waitS > 0) return { is: 'throttled', waitS }
      const { opened, secret } = await withSecret((id) => people.openByAccount(account, id))
      return await answer(database, { opened, secret, address, who: '?', subject: account.subject })
    },
    async recall(secret, isPersonal) {
      if (!isSessionSecret(secret)) return null
      const session = await recallSession(database, { secret, isPersonal })
      return session === null ? null : people.operatorOf(session, secret)
    },
    async signOut(secret, address) {
      if (!isSessionSecret(secret)) return
      const [ended] = await endSession(database, { secret })
      if (ended?.name == null) return
      await appendEvent(database, { operator: ended.name, event: 'signed_out', subject: null, address })
    },
  }
}

/** Always a new secret: one that somebody planted in the browser before stays worthless. */
async function withSecret(open: (sessionId: string) => Promise<Opened>) {
  const secret = newSessionSecret()
  return { opened: await open(sessionIdOf(secret)), secret }
}

interface Attempted {
  readonly opened: Opened
  readonly secret: string
  readonly address: string
  /** The name as it was typed. */
  readonly who: string
  /** The account's subject. */
  readonly subject: string | null
}

async function answer(database: Database, attempted: Attempted): Promise<SignedIn> {
  const { opened, secret, address, who, subject } = attempted
  const operator = opened.is === 'refused' ? who : opened.name
  const event = opened.is === 'signed_in' ? 'signed_in' : 'sign_in_refused'
  await appendEvent(database, { operator, event, subject: subject?.slice(0, 255) ?? null, address })
  if (opened.is === 'refused') return opened
  await takeBackAttempt(database, { key: keyOf('address', address) })
  await deletePastThrottles(database, {})
  return opened.is === 'signed_in' ? { is: 'signed_in', secret } : opened
}

/** Counts an attempt, and tells how long it must wait; 0 when it may be made. */
async function waitOf(
  database: Database,
  attempts: readonly { readonly key: string; readonly free: number }[],
): Promise<number> {
  for (const attempt of attempts) {
    const [counted] = await beginAttempt(database, attempt)
    if (counted?.letThrough === false) return Math.max(counted.waitS, 1)
  }
  return 0
}

/** Hashed, for people type passwords into the field of the name. */
const keyOf = (kind: 'name' | 'address', text: string): string =>
  `${kind}:${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
