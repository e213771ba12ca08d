import type { Authentication, Caller } from '../../http/caller.ts'
import { Problem } from '../../http/problems.ts'
import type { Database } from '../../postgres/pool.ts'
import { COMMAND_RIGHTS } from '../command-rights.ts'
import { Credential } from '../credential.ts'
import { findOperator } from '../identity.ts'
import { readToken } from '../token-format.ts'

declare module '../../http/caller.ts' {
  interface Caller {
    /** Proves the operator to Postgres, in every transaction that writes. */
    readonly credential?: Credential
  }
}

/**
 * Authenticates operators by their tokens. The roles are those of the command that the route gives; the guards of Postgres check
 * them again.
 * @param deps.anonymous what a caller has who is no partner
 */
export function operatorAuthentication(deps: {
  readonly database: Database
  readonly anonymous: Caller
}): Pick<Authentication, 'authenticateOperator'> {
  return {
    async authenticateOperator({ headers }, command) {
      const right = COMMAND_RIGHTS[command]
      if (right === undefined)
        throw new Error(`the command ${command} has no rights: add it to COMMAND_RIGHTS`)
      const token = tokenIn(headers.authorization ?? '')
      const operator = await findOperator(deps.database, token)
      if (operator === null)
        throw new Problem('unauthorised', {
          detail: "the operator's token is not valid, or its operator is disabled",
        })
      const { needs } = right
      if (needs !== 'nobody' && !needs.some((role) => operator.roles.includes(role)))
        throw new Problem('role_missing', { detail: `it takes the role ${needs.join(' or ')}` })
      return {
        ...deps.anonymous,
        holder: operator.name,
        prefix: operator.prefix,
        operator: operator.name,
        credential: new Credential(token),
      }
    },
  }
}

/** @throws Problem when there is none; a partner's key is none */
function tokenIn(authorization: string): string {
  const token = readToken(/^Bearer +(.*)$/i.exec(authorization)?.[1] ?? '')
  if (token !== null) return token
  throw new Problem('unauthorised', {
    detail: "this route takes an operator's token (gpo_…), and no partner's key",
  })
}
