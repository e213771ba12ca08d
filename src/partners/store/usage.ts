import { and, asc, eq, sql } from 'drizzle-orm'
import { orders } from '../../orders/schema.ts'
import type { Submission } from '../../orders/submission.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { rows, statement, type } from '../../postgres/statement.ts'
import type { Usage } from '../limits.ts'
import { partnerDayWallets, partnerUsage } from '../schema.ts'

// clock_timestamp() is read under the row's lock: a transaction that waited for it may have begun in the minute before.
const THIS_MINUTE = sql`date_trunc('minute', clock_timestamp())`
const TODAY = sql`(clock_timestamp() at time zone 'Asia/Jakarta')::date`

const { partner, minute, day, orders: orderCount, rupiah, wallets } = partnerUsage

const upsertUsage = statement('lock_partner_usage', { partner }, (db, values) =>
  db
    .insert(partnerUsage)
    .values({ partner: values.partner, minute: THIS_MINUTE, day: TODAY })
    .onConflictDoUpdate({
      target: partner,
      set: {
        orders: sql`case when ${minute} < ${THIS_MINUTE} then 0 else ${orderCount} end`,
        minute: sql`greatest(${minute}, ${THIS_MINUTE})`,
        rupiah: sql`case when ${day} < ${TODAY} then 0 else ${rupiah} end`,
        wallets: sql`case when ${day} < ${TODAY} then 0 else ${wallets} end`,
        day: sql`greatest(${day}, ${TODAY})`,
      },
    })
    .returning({
      orders: orderCount,
      rupiah,
      wallets,
      minuteEndsInS: sql<number>`ceil(extract(epoch from ${minute} + interval '1 minute' - clock_timestamp()))::int`,
      dayEndsInS: sql<number>`ceil(extract(epoch from ((${day} + 1)::timestamp at time zone 'Asia/Jakarta') - clock_timestamp()))::int`,
    }),
)

/** Makes the orders of a partner take turns until the transaction ends. @returns the usage of the current minute and day */
export async function lockUsage(runner: StatementRunner, partner: string): Promise<Usage> {
  const [usage] = await upsertUsage(runner, { partner })
  if (usage === undefined) throw new Error('a usage that was neither inserted nor locked')
  return usage
}

const selectUsage = statement('read_partner_usage', { partner }, (db, values) =>
  db
    .select({
      orders: sql<number>`case when ${minute} < ${THIS_MINUTE} then 0 else ${orderCount} end`,
      rupiah: sql`case when ${day} < ${TODAY} then 0 else ${rupiah} end`.mapWith(rupiah),
      wallets: sql<number>`case when ${day} < ${TODAY} then 0 else ${wallets} end`,
    })
    .from(partnerUsage)
    .where(eq(partner, values.partner)),
)

/** What a partner has used in this minute and on this day; zero where nothing was counted yet. */
export async function readUsage(runner: StatementRunner, name: string): Promise<AddedUsage> {
  const [usage] = await selectUsage(runner, { partner: name })
  return { orders: usage?.orders ?? 0, rupiah: BigInt(usage?.rupiah ?? 0n), wallets: usage?.wallets ?? 0 }
}

/** What orders that were stored just now add to a partner's usage. */
export interface AddedUsage {
  readonly orders: number
  readonly rupiah: bigint
  readonly wallets: number
}

const updateUsage = statement(
  'add_partner_usage',
  { partner, orders: type.integer, rupiah, wallets: type.integer },
  (db, added) =>
    db
      .update(partnerUsage)
      .set({
        orders: sql`${orderCount} + ${added.orders}`,
        rupiah: sql`${rupiah} + ${added.rupiah}`,
        wallets: sql`${wallets} + ${added.wallets}`,
      })
      .where(eq(partner, added.partner))
      .returning({ orders: orderCount, rupiah, wallets }),
)

/** Adds to what a partner has used, in the transaction that holds its usage. @returns the usage after it */
export async function addUsage(
  runner: StatementRunner,
  partner: string,
  added: AddedUsage,
): Promise<AddedUsage | undefined> {
  const [usage] = await updateUsage(runner, { partner, ...added })
  return usage
}

// The day is that of the usage row, which the transaction holds where wallets are counted.
const selectKnownOrders = statement(
  'look_up_partner_rows',
  {
    partner: orders.partner,
    sent: rows({ position: type.integer, reference: orders.reference, wallet: orders.phoneNumber }),
  },
  (db, values) => {
    const { sent } = values
    return db
      .select({
        isKnown: sql<boolean>`${orders.id} is not null`,
        wallet: sent.wallet,
        isDayWallet: sql<boolean>`${partnerDayWallets.phoneNumber} is not null`,
      })
      .from(sent)
      .leftJoin(orders, and(eq(orders.partner, values.partner), eq(orders.reference, sent.reference)))
      .leftJoin(partnerUsage, eq(partner, values.partner))
      .leftJoin(
        partnerDayWallets,
        and(
          eq(partnerDayWallets.partner, values.partner),
          eq(partnerDayWallets.day, day),
          eq(partnerDayWallets.phoneNumber, sent.wallet),
        ),
      )
      .orderBy(asc(sent.position))
  },
)

/** What admission needs to know of an order besides the order itself. */
export interface KnownOrder {
  /** Stored already: it uses nothing up. */
  readonly isKnown: boolean
  readonly wallet: string
  /** Whether the day has the wallet already. */
  readonly isDayWallet: boolean
}

/** Looks up orders of a partner, in their order. */
export async function findKnownOrders(
  runner: StatementRunner,
  partner: string,
  submissions: readonly Submission[],
): Promise<KnownOrder[]> {
  const sent = submissions.map(({ reference, command }, position) => ({
    position,
    reference,
    wallet: command.phoneNumber,
  }))
  return await selectKnownOrders(runner, { partner, sent })
}
