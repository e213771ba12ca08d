import { createHash } from 'node:crypto'
import { personKey, readPersonName } from '../core/person.ts'
import type { Database } from '../postgres/pool.ts'
import type { Credentials, Operator, People } from './people.ts'
import { newSessionSecret, openProof, sealProof, sessionIdOf } from './session-secret.ts'
import { appendEvent } from './store/events.ts'
import { deletePastSessions, endSession, findSession, openSession } from './store/sessions.ts'
import { beginAttempt, deletePastThrottles, forgetFailures, takeBackAttempt } from './store/throttles.ts'

/** How long a session lives without use, and at the most. */
export const IDLE_MINUTES = 30
export const LONGEST_MINUTES = 12 * 60

/** Failures that cost no wait: of one name, and of one address, behind which a whole office may sit. */
const FREE_OF_NAME = 5
const FREE_OF_ADDRESS = 30

export type SignedIn =
  | { readonly is: 'signed_in'; readonly secret: string }
  | { readonly is: 'refused' }
  /** Too many failures: so many seconds until the next try. */
  | { readonly is: 'throttled'; readonly waitS: number }

/** Signs people in and out, and tells whose a session is. */
export interface SignIn {
  signIn(given: Credentials, address: string): Promise<SignedIn>
  /** Null: nobody is signed in. @param isPersonal false when a page asks by itself: that keeps no session alive */
  recall(secret: string, isPersonal: boolean): Promise<Operator | null>
  signOut(secret: string, address: string): Promise<void>
}

export function createSignIn(database: Database, people: People): SignIn {
  return {
    async signIn(given, address) {
      const name = readPersonName(given.name) ?? ''
      const nameKey = keyOf('name', personKey(name))
      const waitS = await waitOf(database, nameKey, address)
      if (waitS > 0) return { is: 'throttled', waitS }
      const proven = await people.authenticate({ ...given, name })
      if (proven === null) {
        await note(database, name === '' ? '?' : name, 'sign_in_refused', address)
        return { is: 'refused' }
      }
      await forgetFailures(database, { key: nameKey })
      await takeBackAttempt(database, { key: keyOf('address', address) })
      await tidy(database)
      // Always a new secret: one that somebody planted in the browser before stays worthless.
      const secret = newSessionSecret()
      const proof = proven.proof === null ? null : sealProof(secret, proven.proof)
      const session = { id: sessionIdOf(secret) ?? '', operator: proven.name, proof }
      await openSession(database, session, LONGEST_MINUTES)
      await note(database, proven.name, 'signed_in', address)
      return { is: 'signed_in', secret }
    },
    async recall(secret, isPersonal) {
      const id = sessionIdOf(secret)
      if (id === null) return null
      const session = await findSession(database, { id, idleMinutes: IDLE_MINUTES, isPersonal })
      if (session === null) return null
      const proof = session.proof === null ? null : openProof(secret, session.proof)
      return await people.recall({ name: session.operator, proof })
    },
    async signOut(secret, address) {
      const id = sessionIdOf(secret)
      if (id === null) return
      const session = await findSession(database, { id, idleMinutes: IDLE_MINUTES, isPersonal: false })
      await endSession(database, { id })
      if (session !== null) await note(database, session.operator, 'signed_out', address)
    },
  }
}

/** Counts an attempt, and tells how long it must wait; 0 when it may be made. */
async function waitOf(database: Database, nameKey: string, address: string): Promise<number> {
  const attempts = [
    { key: keyOf('address', address), free: FREE_OF_ADDRESS },
    { key: nameKey, free: FREE_OF_NAME },
  ]
  for (const attempt of attempts) {
    const [counted] = await beginAttempt(database, attempt)
    if (counted?.letThrough === false) return Math.max(counted.waitS, 1)
  }
  return 0
}

/** Hashed, for people type passwords into the field of the name. */
const keyOf = (kind: 'name' | 'address', text: string): string =>
  `${kind}:${createHash('sha256').update(text).digest('hex').slice(0, 32)}`

async function note(
  database: Database,
  operator: string,
  event: 'signed_in' | 'sign_in_refused' | 'signed_out',
  address: string,
): Promise<void> {
  await appendEvent(database, { operator, event, subject: null, address })
}

async function tidy(database: Database): Promise<void> {
  await deletePastSessions(database, {})
  await deletePastThrottles(database, {})
}
