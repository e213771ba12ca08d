import { PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import type { Session } from '../postgres/session.ts'
import { type Actor, actAs, whyRefused } from './acting.ts'

/** The answer to a person's command: what was done, or why it was refused. */
export type CommandResult<T> =
  | ({ readonly is: 'done' } & T)
  | { readonly is: 'refused'; readonly message: string }

export const refused = (message: string) => ({ is: 'refused', message }) as const

/**
 * Who acts, and why. Pass it on as one value: a person without the credential is refused where people are proven. The name is
 * that of the credential's operator; only where names are declared it is what somebody typed.
 */
export interface Person extends Actor {
  readonly note: string
}

/**
 * Runs a person's command in one transaction, and tells Postgres who acts in it. The command is refused unless it says who
 * acts and why, and the person is proven where people are.
 */
export async function auditedTransaction<T>(
  session: Session,
  person: Person,
  work: () => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  const message = whyUnaudited(person)
  if (message !== null) return refused(message)
  try {
    return await session.transaction(async () => {
      await actAs(session, { ...person, by: storedName(person.by) })
      return await work()
    })
  } catch (error) {
    const reason = whyRefused(error)
    if (reason === null) throw error
    return refused(reason)
  }
}

function whyUnaudited({ by, note }: Person): string | null {
  if (readPersonName(by) === null) return `say who: the name ${PERSON_EXPECTED}`
  return hasText(note) ? null : 'say why: the note is empty'
}

const hasText = (note: string): boolean => /[\p{L}\p{N}]/u.test(note)

/** The form in which the name of a person is stored, once {@link auditedTransaction} has let it through. */
export function storedName(by: string): string {
  const name = readPersonName(by)
  if (name === null) throw new Error('a person without a name')
  return name
}
