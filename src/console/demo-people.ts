import { createHash, timingSafeEqual } from 'node:crypto'
import { openDeclaredSession } from '../operators/sign-in/sessions.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { StorageError } from '../postgres/storage-error.ts'
import type { Operator, People, Role } from './people.ts'

/** A person of `up`, where names are declared: for trying the product. */
export interface DemoPerson {
  readonly name: string
  readonly roles: readonly Role[]
  readonly password: string
}

/** The people of `up`, by a password alone. Postgres opens their sessions only where names are declared. */
export function demoPeople(runner: StatementRunner, people: readonly DemoPerson[]): People {
  const operatorOf = ({ name, roles }: DemoPerson): Operator => ({
    name,
    roles,
    person: (note, command) => ({ by: name, note, command }),
  })
  return {
    isDevelopment: true,
    async openByPassword({ name, password }, sessionId) {
      const found = people.find((each) => isSameText(each.name, name) && isSameText(each.password, password))
      if (found === undefined) return { is: 'refused' }
      try {
        await openDeclaredSession(runner, { name: found.name, sessionId })
      } catch (error) {
        // The installation has operators since: `up` begins anew with them.
        if (error instanceof StorageError && error.constraint === 'operator_proven') return { is: 'refused' }
        throw error
      }
      return { is: 'signed_in', name: found.name }
    },
    openByAccount: async () => ({ is: 'refused' }),
    operatorOf({ name, proof }) {
      const found = people.find((each) => each.name === name)
      return found === undefined || proof !== 'declared' ? null : operatorOf(found)
    },
  }
}

/** Compares without telling by its time how much is equal. */
function isSameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
