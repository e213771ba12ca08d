import {
  beginEnrolment,
  findInvitation,
  finishEnrolment,
  type Invitation,
  type RightProof,
  readSeconds,
} from '../operators/sign-in/factors.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import {
  newSalt,
  PASSWORD_COST,
  type PasswordProblem,
  passwordKey,
  passwordProblem,
} from './factors/password.ts'
import { newRecoveryCodes, recoveryHash } from './factors/recovery-codes.ts'
import { newTotpSecret, stepOfCode } from './factors/totp.ts'
import type { ConsoleKeys } from './keys.ts'

/** Why an enrolment goes no further. */
export type EnrolmentProblem =
  | 'unknown'
  | Exclude<Invitation['state'], 'open'>
  | `password_${PasswordProblem | 'again'}`
  | 'code'

type Refused = { readonly is: 'refused'; readonly problem: EnrolmentProblem }

/** A secret for a TOTP app, to be confirmed by its first code. */
export interface Begun {
  readonly is: 'begun'
  readonly name: string
  readonly totpSecret: string
}

/** Lets an operator who was invited set a password and a TOTP app. What it knows of one is in Postgres, none in the process. */
export interface Enrolment {
  /** Whose invitation it is, before anything is chosen. */
  find(code: string): Promise<{ readonly is: 'open'; readonly name: string } | Refused>
  begin(code: string, password: string): Promise<Begun | Refused>
  /** The secret again, after a wrong code. */
  resume(code: string): Promise<Begun | Refused>
  finish(
    code: string,
    totp: string,
  ): Promise<
    { readonly is: 'done'; readonly proof: RightProof; readonly recoveryCodes: readonly string[] } | Refused
  >
}

const refused = (problem: EnrolmentProblem): Refused => ({ is: 'refused', problem })

/** @param cost of new passwords */
export function createEnrolment(runner: StatementRunner, keys: ConsoleKeys, cost = PASSWORD_COST): Enrolment {
  const consoleKey = keys.database
  const open = async (code: string): Promise<({ readonly is: 'open' } & Invitation) | Refused> => {
    const found = /^gpi_[\w-]{43}$/.test(code) ? await findInvitation(runner, code) : null
    if (found === null) return refused('unknown')
    return found.state === 'open' ? { ...found, is: 'open' } : refused(found.state)
  }
  const resume = async (code: string): Promise<Begun | Refused> => {
    const found = await open(code)
    if (found.is === 'refused') return found
    const sealed = found.totpSecret
    const totpSecret = sealed === null ? null : keys.open('totp', String(found.factorId), sealed)
    return totpSecret === null ? refused('unknown') : { is: 'begun', name: found.name, totpSecret }
  }
  return {
    resume,
    async find(code) {
      const found = await open(code)
      return found.is === 'refused' ? found : { is: 'open', name: found.name }
    },
    async begin(code, password) {
      const found = await open(code)
      if (found.is === 'refused') return found
      const problem = passwordProblem(password, found.name)
      if (problem !== null) return refused(`password_${problem}`)
      const salt = newSalt(cost)
      const secret = newTotpSecret()
      const totpSecret = keys.seal('totp', String(found.factorId), secret)
      const chosen = { ...salt, passwordKey: await passwordKey(password, salt), totpSecret }
      const isBegun = await beginEnrolment(runner, { code, ...chosen, consoleKey })
      return isBegun ? { is: 'begun', name: found.name, totpSecret: secret } : refused('revoked')
    },
    async finish(code, totp) {
      const begun = await resume(code)
      if (begun.is === 'refused') return begun
      const [clock] = await readSeconds(runner, {})
      const step = stepOfCode(begun.totpSecret, totp, clock?.seconds ?? 0)
      if (step === null) return refused('code')
      const recoveryCodes = newRecoveryCodes()
      const recoveryHashes = recoveryCodes.map(recoveryHash)
      const proof = await finishEnrolment(runner, { code, step, recoveryHashes, consoleKey })
      return proof === null ? refused('revoked') : { is: 'done', proof, recoveryCodes }
    },
  }
}
