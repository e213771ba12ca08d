import { Credential } from '../operators/credential.ts'
import {
  findPassword,
  type RightProof,
  readSeconds,
  type StoredPassword,
  signInByAccount,
  signInByPassword,
} from '../operators/sign-in/factors.ts'
import { sessionCredential } from '../operators/sign-in/sessions.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { isTooLong, newSalt, PASSWORD_COST, passwordKey } from './factors/password.ts'
import { plainRecoveryCode } from './factors/recovery-codes.ts'
import { newTotpSecret, stepOfCode } from './factors/totp.ts'
import type { ConsoleKeys } from './keys.ts'
import type { Opened, People } from './people.ts'

/**
 * The operators of the installation. They sign in by a password and a TOTP code, or by an account.
 * @param cost of a name without a password: that of the others
 * @param keyOf hashes a password: `passwordKey`, or one that a test watches
 */
export function operatorPeople(
  runner: StatementRunner,
  keys: ConsoleKeys,
  cost = PASSWORD_COST,
  keyOf = passwordKey,
): People {
  const decoy: StoredPassword = {
    factorId: 0,
    ...newSalt(cost),
    totpSecret: keys.seal('totp', '0', newTotpSecret()),
  }
  return {
    isDevelopment: false,
    async openByPassword({ name, password, code }, sessionId) {
      if (isTooLong(password)) return { is: 'refused' }
      // A name without a password takes the same way.
      const stored = (await findPassword(runner, name)) ?? decoy
      const key = await keyOf(password, stored)
      const [clock] = await readSeconds(runner, {})
      const secret = keys.open('totp', String(stored.factorId), stored.totpSecret) ?? ''
      const step = stepOfCode(secret, code, clock?.seconds ?? 0)
      const recoveryCode = step === null ? plainRecoveryCode(code) : ''
      const shown = { name, passwordKey: key, step, recoveryCode, consoleKey: keys.database, sessionId }
      return openedBy(await signInByPassword(runner, shown))
    },
    async openByAccount(account, sessionId) {
      return openedBy(await signInByAccount(runner, { ...account, consoleKey: keys.database, sessionId }))
    },
    operatorOf({ name, roles }, secret) {
      if (roles === null) return null
      const credential = new Credential(sessionCredential(secret))
      return { name, roles, person: (note, command) => ({ by: name, note, command, credential }) }
    },
  }
}

function openedBy(right: RightProof | null): Opened {
  if (right === null) return { is: 'refused' }
  const { name, mark, isUsable } = right
  return isUsable ? { is: 'signed_in', name } : { is: 'waiting', name, mark }
}
