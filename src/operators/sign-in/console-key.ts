import { hash } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { statement, type } from '../../postgres/statement.ts'
import { installation } from '../schema.ts'

const updateKey = statement('trust_console_key', { keyHash: type.text }, (db, { keyHash }) =>
  db
    .update(installation)
    .set({ consoleKeyHash: keyHash })
    .where(sql`${installation.consoleKeyHash} is distinct from ${keyHash}`),
)

/** Lets the consoles in that have this key, and no other one any more. Only the owner of the tables may. */
export async function trustConsoleKey(runner: StatementRunner, key: string): Promise<void> {
  await updateKey(runner, { keyHash: hash('sha256', key) })
}

const selectKey = statement('is_console_key', { keyHash: type.text }, (db, { keyHash }) =>
  db.select({ one: installation.one }).from(installation).where(eq(installation.consoleKeyHash, keyHash)),
)

/** Whether consoles with this key may sign people in. */
export async function isConsoleKey(runner: StatementRunner, key: string): Promise<boolean> {
  return (await selectKey(runner, { keyHash: hash('sha256', key) })).length > 0
}
