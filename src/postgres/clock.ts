import type { StatementRunner } from './pool.ts'

/** Tells the time. Asked again wherever a decision hangs on it, for a process may have been frozen since. */
export type Clock = (runner: StatementRunner) => Promise<Date>

const READ_CLOCK = {
  name: 'read_clock',
  text: `SELECT date_trunc('milliseconds', clock_timestamp()) AS now`,
}

/** The clock that all processes share: the database's. Their own may be set. */
export const databaseClock: Clock = async (runner) => {
  const [row] = await runner.run<{ now: Date }>(READ_CLOCK, [])
  if (row === undefined) throw new Error('a clock without a time')
  return row.now
}
