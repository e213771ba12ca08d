// Connections that note what ran on them, and how long it took.
import { readFileSync } from 'node:fs'
import { withSession } from '../../dist/postgres/session.js'

export const pidOf = async (runner) =>
  (await runner.run({ name: '', text: 'SELECT pg_backend_pid() AS pid' }, []))[0].pid

/** Milliseconds that a backend has been on a core; NaN where a system has no /proc. */
function cpuMs(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return Number.NaN
  }
}

/** Notes what runs on a connection: one statement after the other, so that none waits within another's time. */
function noted(runner, pid, seen) {
  let last = Promise.resolve()
  async function run(statement, values) {
    const [startedAt, cpuBefore] = [performance.now(), cpuMs(pid)]
    const rows = await runner.run(statement, values)
    const [ms, cpu] = [performance.now() - startedAt, cpuMs(pid) - cpuBefore]
    seen.push({ name: statement.name, ms, cpu, statement, values })
    return rows
  }
  return {
    run(statement, values) {
      const result = last.then(() => run(statement, values))
      last = result.catch(() => {})
      return result
    },
  }
}

/** A database of one connection that notes what ran on it. */
export function notedDatabase(database, pid, seen) {
  return {
    ...noted(database, pid, seen),
    transaction: (work) => database.transaction((runner) => work(noted(runner, pid, seen))),
    close: () => database.close(),
  }
}

export const notedSession = (databaseUrl, seen) => (work) =>
  withSession(databaseUrl, async (session) =>
    work({ ...session, ...noted(session, await pidOf(session), seen) }),
  )
