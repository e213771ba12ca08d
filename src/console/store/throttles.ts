import { eq, lt, sql } from 'drizzle-orm'
import { statement, type } from '../../postgres/statement.ts'
import { consoleThrottles as throttles } from '../schema.ts'

/** Failures are forgotten after so many minutes without one; nobody waits for longer than that. */
const MEMORY = sql`interval '15 minutes'`

const isBlocked = sql`${throttles.blockedUntil} > now()`
const isForgotten = sql`${throttles.lastAt} < now() - ${MEMORY}`
const nextFailures = sql`case when ${isBlocked} then ${throttles.failures} when ${isForgotten} then 1 else ${throttles.failures} + 1 end`

/**
 * Counts an attempt as failed before it is made, so that attempts at once do not get past the count. Success deletes the
 * count. After the free attempts each next one waits twice as long as the one before.
 */
export const beginAttempt = statement(
  'begin_console_sign_in',
  { key: throttles.key, free: type.integer },
  (db, { key, free }) => {
    const pause = sql`least(make_interval(secs => power(2, least((${nextFailures}) - ${free}, 20))), ${MEMORY})`
    return db
      .insert(throttles)
      .values({ key, failures: 1, letThrough: true })
      .onConflictDoUpdate({
        target: throttles.key,
        set: {
          failures: nextFailures,
          lastAt: sql`case when ${isBlocked} then ${throttles.lastAt} else now() end`,
          letThrough: sql`(${isBlocked}) is not true`,
          blockedUntil: sql`case when ${isBlocked} then ${throttles.blockedUntil}
            when (${nextFailures}) >= ${free} then now() + ${pause} end`,
        },
      })
      .returning({
        letThrough: throttles.letThrough,
        waitS: sql<number>`coalesce(ceil(extract(epoch from ${throttles.blockedUntil} - now())), 0)::int`,
      })
  },
)

/** Forgets the failures of a name that has signed in. */
export const forgetFailures = statement('forget_console_failures', { key: throttles.key }, (db, { key }) =>
  db.delete(throttles).where(eq(throttles.key, key)),
)

/** Takes an attempt back that did not fail. */
export const takeBackAttempt = statement('take_back_console_attempt', { key: throttles.key }, (db, { key }) =>
  db
    .update(throttles)
    .set({ failures: sql`greatest(${throttles.failures} - 1, 0)` })
    .where(eq(throttles.key, key)),
)

/** Deletes counts that no attempt needs any more. */
export const deletePastThrottles = statement('delete_past_console_throttles', {}, (db) =>
  db.delete(throttles).where(lt(throttles.lastAt, sql`now() - interval '1 day'`)),
)
