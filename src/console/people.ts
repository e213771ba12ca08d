import { createHash, timingSafeEqual } from 'node:crypto'
import type { Person } from '../operators/person-commands.ts'

/**
 * What an operator may do: `viewer` reads; `maker` proposes, and makes things safer; `checker` approves what another
 * operator proposed; `admin` administrates.
 */
export const ROLES = ['viewer', 'maker', 'checker', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Somebody who is signed in. */
export interface Operator {
  readonly name: string
  readonly roles: readonly Role[]
  /** The operator as the giver of a command. */
  person(note: string): Person
}

/** What a person types to sign in. */
export interface Credentials {
  readonly name: string
  /** A password, or a token. */
  readonly secret: string
  /** The code of a TOTP app; empty where none is needed. */
  readonly code: string
}

/** Somebody who has just proven who they are, with what a session needs to prove it again. */
export interface Proven {
  readonly name: string
  readonly proof: string | null
}

/** Who the operators are. The console knows no more of it. */
export interface People {
  /** Null: the credentials prove nobody. It takes as long for a name that nobody has. */
  authenticate(given: Credentials): Promise<Proven | null>
  /** The operator of a session as they are now; null once disabled, or once the proof is revoked. */
  recall(session: Proven): Promise<Operator | null>
}

/** A person of `up`, where names are declared: for trying the product. */
export interface DemoPerson {
  readonly name: string
  readonly roles: readonly Role[]
  readonly password: string
}

/** The people of `up`. */
export function demoPeople(people: readonly DemoPerson[]): People {
  const operatorOf = ({ name, roles }: DemoPerson): Operator => ({
    name,
    roles,
    person: (note) => ({ by: name, note }),
  })
  return {
    async authenticate({ name, secret }) {
      const found = people.find((each) => isSameText(each.name, name) && isSameText(each.password, secret))
      return found === undefined ? null : { name: found.name, proof: null }
    },
    async recall({ name }) {
      const found = people.find((each) => each.name === name)
      return found === undefined ? null : operatorOf(found)
    },
  }
}

/** Compares without telling by its time how much is equal. */
function isSameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
