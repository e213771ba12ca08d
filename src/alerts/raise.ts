import { sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { list, statement, type } from '../postgres/statement.ts'
import { readOverdueStatements } from '../reconciliation/daily.ts'
import { readOverdueRules } from '../risk/overdue-rules.ts'
import { selectNow } from '../risk/queries.ts'

const raise = statement('raise_alerts', { days: list(type.text) }, (db, { days }) =>
  db.select({ raised: sql<number>`raised` }).from(sql`raise_alerts(${days}) as raised`),
)

/**
 * Writes an alert for everything that operations must know and were not told of. Any number of schedulers may do it: the
 * key of an occurrence is unique.
 * @returns how many alerts were written
 */
export async function raiseAlerts(runner: StatementRunner): Promise<number> {
  const [clock] = await selectNow(runner, {})
  const [rules] = await readOverdueRules(runner, {})
  if (clock === undefined || rules === undefined) throw new Error('a database without a clock or rules')
  const overdue = await readOverdueStatements(runner, { now: clock.now, dailyAt: rules.dailyAt.slice(0, 5) })
  const [row] = await raise(runner, { days: overdue.map(({ day }) => day) })
  return row?.raised ?? 0
}
