import { and, eq, ne, notExists, type SQL, sql } from 'drizzle-orm'
import { orders } from '../../orders/schema.ts'
import type { Database } from '../../postgres/pool.ts'
import { type Queries, rows, statement } from '../../postgres/statement.ts'
import { partnerWallets } from '../schema.ts'

/** Holds unless another partner has ever placed an order for the wallet. */
const hasNoOrderOfOthers = (db: Queries, phoneNumber: SQL, partner: SQL) =>
  notExists(
    db
      .select({ one: sql`1` })
      .from(orders)
      .where(and(eq(orders.phoneNumber, phoneNumber), ne(orders.partner, partner))),
  )

const insertWallet = statement(
  'claim_wallet',
  { claim: rows({ phoneNumber: partnerWallets.phoneNumber, partner: partnerWallets.partner }) },
  (db, { claim }) =>
    db
      .insert(partnerWallets)
      .select(
        db
          .select({
            phoneNumber: claim.phoneNumber,
            partner: claim.partner,
            registeredAt: sql<Date>`now()`.as('claimed_at'),
          })
          .from(claim)
          .where(hasNoOrderOfOthers(db, sql`${claim.phoneNumber}`, sql`${claim.partner}`)),
      )
      .onConflictDoNothing(),
)

/**
 * Makes a wallet this partner's customer, unless another partner has registered it or placed an order for it. The
 * gateway accepts any number of registrations of a wallet, so a registration alone proves nothing.
 */
export async function claimWallet(database: Database, phoneNumber: string, partner: string): Promise<void> {
  await insertWallet(database, { claim: [{ phoneNumber, partner }] })
}

const selectOwned = statement(
  'owns_wallet',
  { phoneNumber: partnerWallets.phoneNumber, partner: partnerWallets.partner },
  (db, { phoneNumber, partner }) =>
    db
      .select({ partner: partnerWallets.partner })
      .from(partnerWallets)
      .where(
        and(
          eq(partnerWallets.phoneNumber, phoneNumber),
          eq(partnerWallets.partner, partner),
          hasNoOrderOfOthers(db, phoneNumber, partner),
        ),
      ),
)

/**
 * Whether a wallet is this partner's customer now: this partner registered it here first, and no other partner has an
 * order for it. An order is committed before its withdrawal sets an address at the gateway. So a caller that checks
 * this after the gateway's answer never returns an address that another partner's withdrawal has set.
 */
export async function ownsWallet(database: Database, phoneNumber: string, partner: string): Promise<boolean> {
  return (await selectOwned(database, { phoneNumber, partner })).length > 0
}
