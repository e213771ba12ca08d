/**
 * Shares an answer among those who ask at about the same time. What anybody may ask as often as they like must not cost
 * the database that often.
 * @param forMs how long an answer is given again, counted from when it was asked for; a failure is not
 */
export function cacheFor<Answer>(
  ask: () => Promise<Answer>,
  forMs: number,
  now: () => number,
): () => Promise<Answer> {
  let shared: { readonly askedAtMs: number; readonly answer: Promise<Answer> } | null = null
  return async () => {
    if (shared !== null && now() - shared.askedAtMs < forMs) return await shared.answer
    const asked = { askedAtMs: now(), answer: ask() }
    shared = asked
    try {
      return await asked.answer
    } catch (error) {
      if (shared === asked) shared = null
      throw error
    }
  }
}

/** Keeps what was made of an argument for as long as the same is asked for. */
export function memoizeLast<Argument, Made>(
  make: (argument: Argument) => Made,
): (argument: Argument) => Made {
  let last: { readonly argument: Argument; readonly made: Made } | null = null
  return (argument) => {
    if (last === null || last.argument !== argument) last = { argument, made: make(argument) }
    return last.made
  }
}
