import { and, eq, lt, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import type { ProcessKind } from './enums.ts'
import { processHeartbeats } from './schema.ts'

/** A process as its row names it. */
export interface BeatingProcess {
  readonly kind: ProcessKind
  readonly name: string
}

const { kind, name, seenAt } = processHeartbeats
const ME = { kind, name }

const upsertBeat = statement('beat', ME, (db, process) =>
  db
    .insert(processHeartbeats)
    .values(process)
    .onConflictDoUpdate({ target: [kind, name], set: { seenAt: sql`now()` } }),
)

/** Says that a process is alive. The time is the database's. */
export async function beat(runner: StatementRunner, process: BeatingProcess): Promise<void> {
  await upsertBeat(runner, process)
}

const deleteBeat = statement('stop_beating', ME, (db, process) =>
  db.delete(processHeartbeats).where(and(eq(kind, process.kind), eq(name, process.name))),
)

/** Says that a process stops: it is not missed. */
export async function stopBeating(runner: StatementRunner, process: BeatingProcess): Promise<void> {
  await deleteBeat(runner, process)
}

const deleteOldBeats = statement('forget_beats', {}, (db) =>
  db.delete(processHeartbeats).where(lt(seenAt, sql`now() - interval '7 days'`)),
)

/** Forgets processes that were last seen a week ago. */
export async function forgetBeats(runner: StatementRunner): Promise<void> {
  await deleteOldBeats(runner, {})
}
