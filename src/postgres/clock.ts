import type { StatementRunner } from './pool.ts'

/** Returns the time. Call it again before each decision, because the process may have been frozen since. */
export type Clock = (runner: StatementRunner) => Promise<Date>

const READ_CLOCK = {
  name: 'read_clock',
  text: `SELECT date_trunc('milliseconds', clock_timestamp()) AS now`,
}

/** The database's clock, which all processes share. */
export const databaseClock: Clock = async (runner) => {
  const [row] = await runner.run<{ now: Date }>(READ_CLOCK, [])
  if (row === undefined) throw new Error('a clock without a time')
  return row.now
}
