import { describeFailure, Failure } from './failure.ts'

/** What the help of such a command says. */
export const ONE_LINE_EACH =
  'Of several each has a line of its own; the command ends with 1 when any was refused.'

/**
 * Runs a command for each of many. One ends as it always did; of several each has a line of its own, and the command ends
 * with 1 when any was refused. Only refusals are told one by one: what has to do with all of them ends the command.
 */
export async function forEach<Given>(
  given: readonly Given[],
  work: (one: Given) => Promise<void>,
): Promise<void> {
  const [only] = given
  if (given.length === 1 && only !== undefined) return await work(only)
  let refused = 0
  for (const one of given) {
    try {
      await work(one)
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== 1) throw error
      refused += 1
      console.error(`${one}: ${describeFailure(error).line}`)
    }
  }
  if (refused > 0) throw new Failure(1, `${refused} of ${given.length} were refused`)
}
