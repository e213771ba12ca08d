import { randomBytes } from 'node:crypto'
import { createEnrolment } from '../../../src/console/enrolment.ts'
import { stepAt, totpCode } from '../../../src/console/factors/totp.ts'
import { createConsoleKeys } from '../../../src/console/keys.ts'
import { inviteOperator } from '../../../src/operators/admin/sign-in.ts'
import { trustConsoleKey } from '../../../src/operators/sign-in/console-key.ts'
import { inSession, sessionDatabase, sql } from '../servers/sessions.ts'
import type { ProvenPerson } from './operators.ts'

export const CONSOLE_SECRET = 'a secret of the console in tests only'
/** Tests hash many passwords. */
export const CHEAP = 'ln=4,r=8,p=1'
export const NEW_PASSWORD = 'empat kata yang acak'
export const consoleKeys = createConsoleKeys(CONSOLE_SECRET)

/** Lets the test's console in, as the owner of the tables does. */
export const letConsoleIn = (databaseUrl: string) =>
  trustConsoleKey(sessionDatabase(databaseUrl), consoleKeys.database)

/** The code of a new invitation. */
export async function invited(databaseUrl: string, by: ProvenPerson, name = by.by): Promise<string> {
  const answer = await inSession(databaseUrl, (session) => inviteOperator(session, by, name, randomBytes))
  if (answer.is === 'refused') throw new Error(answer.message)
  return answer.code
}

/** What a code of the app is so many steps from now. */
export const codeAt = (totpSecret: string, steps = 0): string =>
  totpCode(totpSecret, stepAt(Date.now() / 1000) + steps)

/** Sets a password and a TOTP app for an operator, by an invitation of the own or of an admin. */
export async function enrolled(databaseUrl: string, by: ProvenPerson, name = by.by) {
  const enrolment = createEnrolment(sessionDatabase(databaseUrl), consoleKeys, CHEAP)
  const code = await invited(databaseUrl, by, name)
  const begun = await enrolment.begin(code, NEW_PASSWORD)
  if (begun.is === 'refused') throw new Error(begun.problem)
  const { totpSecret } = begun
  const finished = await enrolment.finish(code, codeAt(totpSecret))
  if (finished.is === 'refused') throw new Error(finished.problem)
  return { name, totpSecret, recoveryCodes: finished.recoveryCodes, mark: finished.proof.mark }
}

/** Lets the present code of every app be used again. */
export const forgetSteps = (databaseUrl: string) =>
  sql(
    databaseUrl,
    'UPDATE operator_factors SET last_step = 0 WHERE enrolled_at IS NOT NULL AND last_step > 0',
  )
