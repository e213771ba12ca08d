import { and, eq, exists, lt, sql } from 'drizzle-orm'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import { rows, statement, type } from '../../postgres/statement.ts'
import { partnerDayWallets, partnerUsage } from '../schema.ts'

const insertDayWallets = statement(
  'add_day_wallets',
  { partner: partnerUsage.partner, wallets: rows({ phoneNumber: partnerDayWallets.phoneNumber }) },
  (db, { partner, wallets }) =>
    db
      .insert(partnerDayWallets)
      .select(
        db
          .selectDistinct({
            partner: partnerUsage.partner,
            day: partnerUsage.day,
            phoneNumber: wallets.phoneNumber,
          })
          .from(partnerUsage)
          .innerJoin(wallets, sql`true`)
          .where(eq(partnerUsage.partner, partner)),
      )
      .onConflictDoNothing()
      .returning({ phoneNumber: partnerDayWallets.phoneNumber }),
)

/** Adds wallets to those of the partner's day. @returns how many the day did not have */
export async function addDayWallets(
  runner: StatementRunner,
  partner: string,
  phoneNumbers: readonly string[],
): Promise<number> {
  const wallets = phoneNumbers.map((phoneNumber) => ({ phoneNumber }))
  return (await insertDayWallets(runner, { partner, wallets })).length
}

const deleteDayWallets = statement('sweep_day_wallets', { limit: type.integer }, (db) => {
  const { partner, day, phoneNumber } = partnerDayWallets
  const old = db
    .$with('old')
    .as(
      db
        .select({ partner, day, phoneNumber })
        .from(partnerDayWallets)
        .where(lt(day, sql`(now() at time zone 'Asia/Jakarta')::date`))
        .limit(sql.placeholder('limit'))
        .for('update', { skipLocked: true }),
    )
  const isOld = and(eq(old.partner, partner), eq(old.day, day), eq(old.phoneNumber, phoneNumber))
  return db
    .with(old)
    .delete(partnerDayWallets)
    .where(exists(db.select({ one: sql`1` }).from(old).where(isOld)))
    .returning({ partner })
})

/** Deletes the wallets of days that are over. @returns how many; the limit when there may be more */
export async function sweepDayWallets(database: Database, limit: number): Promise<number> {
  return (await deleteDayWallets(database, { limit })).length
}
