import { and, eq, exists, lt, sql } from 'drizzle-orm'
import type { Database } from '../../postgres/pool.ts'
import { statement, type } from '../../postgres/statement.ts'
import { partnerNonces } from '../schema.ts'

const insertNonce = statement(
  'take_nonce',
  { prefix: partnerNonces.prefix, nonce: partnerNonces.nonce },
  (db, { prefix, nonce }) =>
    db
      .insert(partnerNonces)
      .values({ prefix, nonce })
      .onConflictDoNothing()
      .returning({ nonce: partnerNonces.nonce }),
)

/** Remembers a nonce; false when its key has used it before. */
export async function takeNonce(database: Database, prefix: string, nonce: string): Promise<boolean> {
  return (await insertNonce(database, { prefix, nonce })).length > 0
}

// SKIP LOCKED: several schedulers sweep at once, and none waits for another.
const deleteNonces = statement('sweep_nonces', { limit: type.integer }, (db) => {
  const old = db
    .$with('old')
    .as(
      db
        .select({ prefix: partnerNonces.prefix, nonce: partnerNonces.nonce })
        .from(partnerNonces)
        .where(lt(partnerNonces.seenAt, sql`now() - interval '30 minutes'`))
        .limit(sql.placeholder('limit'))
        .for('update', { skipLocked: true }),
    )
  const isOld = and(eq(old.prefix, partnerNonces.prefix), eq(old.nonce, partnerNonces.nonce))
  return db
    .with(old)
    .delete(partnerNonces)
    .where(exists(db.select({ one: sql`1` }).from(old).where(isOld)))
    .returning({ prefix: partnerNonces.prefix })
})

/**
 * Deletes nonces that no request can use again: a timestamp may be five minutes ahead, is valid for five more, and a
 * file may take five to arrive.
 * @returns how many; the limit when there may be more
 */
export async function sweepNonces(database: Database, limit: number): Promise<number> {
  return (await deleteNonces(database, { limit })).length
}
