import { FileRefused } from '../csv/file-refused.ts'
import { NotProven } from '../operators/acting.ts'
import type { Answer } from './route.ts'

/** Why a command is refused: its message is for the person who gave it. */
export class Refused extends Error {
  override name = 'Refused'
}

/** The result of a command that is not a refusal. @throws Refused */
export function doneOf<T extends { readonly is: string }>(
  result: T | { readonly is: 'refused'; readonly message: string },
): Exclude<T, { is: 'refused' }> {
  if (result.is === 'refused' && 'message' in result) throw new Refused(String(result.message))
  return result as Exclude<T, { is: 'refused' }>
}

/** Gives a command; a refusal becomes the page with its reason. */
export async function orRefusal(
  work: () => Promise<Answer>,
  refusal: (problem: string) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    const isRefusal = error instanceof Refused || error instanceof NotProven || error instanceof FileRefused
    if (!isRefusal) throw error
    return await refusal(error.message)
  }
}
