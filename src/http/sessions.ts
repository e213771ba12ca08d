import type { Session } from '../db/session.ts'

/** Does a piece of work in a session of Postgres of its own. */
export type InSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>

/** Sessions of which so many are open at once; who comes later waits its turn. */
export function atMostSessions(most: number, open: InSession): InSession {
  const waiting: (() => void)[] = []
  let opened = 0
  return async (work) => {
    if (opened >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else opened += 1
    try {
      return await open(work)
    } finally {
      const next = waiting.shift()
      // The place goes on to who waits longest.
      if (next === undefined) opened -= 1
      else next()
    }
  }
}
