import { createHash, timingSafeEqual } from 'node:crypto'
import { personKey } from '../core/person.ts'
import { Credential } from '../operators/credential.ts'
import type { Role } from '../operators/enums.ts'
import { findOperator } from '../operators/identity.ts'
import type { Person } from '../operators/person-commands.ts'
import { readToken } from '../operators/token-format.ts'
import type { StatementRunner } from '../postgres/pool.ts'

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

/** The operators of the installation, who prove themselves by their tokens. */
export function operatorPeople(runner: StatementRunner): People {
  const find = async (proof: string | null): Promise<Operator | null> => {
    const found = proof === null ? null : await findOperator(runner, proof)
    if (found === null || proof === null) return null
    const { name, roles } = found
    const credential = new Credential(proof)
    return { name, roles, person: (note, command) => ({ by: name, note, command, credential }) }
  }
  return {
    async authenticate({ name, secret }) {
      const token = readToken(secret)
      const found = await find(token)
      return found !== null && personKey(found.name) === personKey(name)
        ? { name: found.name, proof: token }
        : null
    },
    recall: ({ proof }) => find(proof),
  }
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
    person: (note, command) => ({ by: name, note, command }),
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
