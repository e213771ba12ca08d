import { and, eq, ne, notExists, or, type SQL, sql } from 'drizzle-orm'
import { orders } from '../../orders/schema.ts'
import type { Database } from '../../postgres/pool.ts'
import { type Queries, rows, statement } from '../../postgres/statement.ts'
import { partnerWallets } from '../../wallets/schema.ts'

/** Holds unless another partner has an order for the wallet that fits. */
const hasNoOrderOfOthers = (db: Queries, phoneNumber: SQL, partner: SQL, fits?: SQL) =>
  notExists(
    db
      .select({ one: sql`1` })
      .from(orders)
      .where(and(eq(orders.phoneNumber, phoneNumber), ne(orders.partner, partner), fits)),
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
            origin: sql<'registered'>`'registered'`.as('claimed_origin'),
            state: sql<'linked'>`'linked'`.as('claimed_state'),
            since: sql<Date>`now()`.as('claimed_at'),
            actor: sql<string>`'partner:' || ${claim.partner}`.as('claimed_by'),
            note: sql<null>`null::text`.as('no_note'),
            requestId: sql<null>`null::int`.as('no_request'),
          })
          .from(claim)
          .where(hasNoOrderOfOthers(db, sql`${claim.phoneNumber}`, sql`${claim.partner}`)),
      )
      .onConflictDoNothing(),
)

/**
 * Makes a wallet this partner's that it has activated just now, unless it is another partner's or was taken from one, or
 * another partner has placed an order for it.
 */
export async function claimWallet(database: Database, phoneNumber: string, partner: string): Promise<void> {
  await insertWallet(database, { claim: [{ phoneNumber, partner }] })
}

const selectLinked = statement(
  'is_wallet_linked',
  { phoneNumber: partnerWallets.phoneNumber, partner: partnerWallets.partner },
  (db, { phoneNumber, partner }) =>
    db
      .select({ partner: partnerWallets.partner })
      .from(partnerWallets)
      .where(
        and(
          eq(partnerWallets.phoneNumber, phoneNumber),
          eq(partnerWallets.partner, partner),
          sql`${partnerWallets.state} = 'linked'`,
        ),
      ),
)

/** Whether a wallet is this partner's, however it became so. */
export async function isLinked(database: Database, phoneNumber: string, partner: string): Promise<boolean> {
  return (await selectLinked(database, { phoneNumber, partner })).length > 0
}

const selectReadable = statement(
  'may_read_address',
  { phoneNumber: partnerWallets.phoneNumber, partner: partnerWallets.partner },
  (db, { phoneNumber, partner }) => {
    const { origin, state, since } = partnerWallets
    const sinceLinked = or(sql`${orders.settledAt} is null`, sql`${orders.acceptedAt} >= ${since}`)
    return db
      .select({ partner: partnerWallets.partner })
      .from(partnerWallets)
      .where(
        and(
          eq(partnerWallets.phoneNumber, phoneNumber),
          eq(partnerWallets.partner, partner),
          sql`${state} = 'linked'`,
          or(
            and(sql`${origin} = 'registered'`, hasNoOrderOfOthers(db, phoneNumber, partner)),
            and(sql`${origin} = 'linked'`, hasNoOrderOfOthers(db, phoneNumber, partner, sinceLinked)),
          ),
        ),
      )
  },
)

/**
 * Whether this partner may read the wallet's address now. It has activated the wallet here or two people linked it; a first
 * order alone proves nothing about a wallet that others know. And no other partner has an order for it, or since two
 * people linked it: an order is committed before its withdrawal sets an address at the gateway. So a caller that checks
 * this after the gateway's answer never returns an address that another partner's withdrawal has set.
 */
export async function mayReadAddress(
  database: Database,
  phoneNumber: string,
  partner: string,
): Promise<boolean> {
  return (await selectReadable(database, { phoneNumber, partner })).length > 0
}
