import { PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import type { Session } from '../postgres/session.ts'

/** The answer to a person's command: what was done, or why it was refused. */
export type CommandResult<T> =
  | ({ readonly is: 'done' } & T)
  | { readonly is: 'refused'; readonly message: string }

export const refused = (message: string) => ({ is: 'refused', message }) as const

/** Who acts, and why. The name is declared, not proven: the operating system decides who may run the command. */
export interface Person {
  readonly by: string
  readonly note: string
}

/** Runs a person's command in one transaction. The command is refused unless it says who acts and why. */
export async function auditedTransaction<T>(
  session: Session,
  person: Person,
  work: () => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  const message = whyUnaudited(person)
  return message === null ? await session.transaction(work) : refused(message)
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
