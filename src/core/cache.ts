/**
 * Shares one answer among callers for some time, so that a public route cannot load the database.
 * @param forMs how long an answer is reused, from the start of its query; failures are not cached
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

/** Caches the result of the last argument. */
export function memoizeLast<Argument, Made>(
  make: (argument: Argument) => Made,
): (argument: Argument) => Made {
  let last: { readonly argument: Argument; readonly made: Made } | null = null
  return (argument) => {
    if (last === null || last.argument !== argument) last = { argument, made: make(argument) }
    return last.made
  }
}
