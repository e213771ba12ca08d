import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { overdueRules } from './schema.ts'

/** When something counts as overdue: the settings of the scheduler. `docs/controls.md` has the defaults and why. */
export interface OverdueRules {
  /** `HH:MM` in Jakarta: when yesterday's statement is due. */
  readonly dailyAt: string
  readonly lagMinutes: number
  /** How long after its statement is due a doubt may stay. */
  readonly doubtHours: number
  readonly heldHours: number
  readonly switchHours: number
  /** How long a process may give no sign of life. */
  readonly processSeconds: number
}

const { dailyAt, lagMinutes, doubtHours, heldHours, switchHours, processSeconds } = overdueRules
const COLUMNS = { dailyAt, lagMinutes, doubtHours, heldHours, switchHours, processSeconds }

const updateRules = statement('set_overdue_rules', COLUMNS, (db, rules) => db.update(overdueRules).set(rules))

/** Stores the rules for every process. Of schedulers with different settings the last one to start decides. */
export async function storeOverdueRules(runner: StatementRunner, rules: OverdueRules): Promise<void> {
  await updateRules(runner, rules)
}

export const readOverdueRules = statement('read_overdue_rules', {}, (db) =>
  db.select(COLUMNS).from(overdueRules),
)
