import { and, asc, desc, eq, isNull, or, sql } from 'drizzle-orm'
import { limitOf, nullable, statement, type } from '../postgres/statement.ts'
import { partnerWallets, walletEvents } from './schema.ts'

/** Wallets by partner and number, with how many there are. */
export const listWallets = statement(
  'list_wallets',
  {
    partner: nullable(partnerWallets.partner),
    phoneNumber: nullable(partnerWallets.phoneNumber),
    state: nullable(partnerWallets.state),
    limit: type.integer,
    skip: type.integer,
  },
  (db, { partner, phoneNumber, state, limit, skip }) =>
    db
      .select({
        phoneNumber: partnerWallets.phoneNumber,
        partner: partnerWallets.partner,
        state: partnerWallets.state,
        origin: partnerWallets.origin,
        since: partnerWallets.since,
        actor: partnerWallets.actor,
        note: partnerWallets.note,
        requestId: partnerWallets.requestId,
        total: sql<number>`count(*) over ()`.mapWith(Number),
      })
      .from(partnerWallets)
      .where(
        and(
          or(isNull(partner), eq(partnerWallets.partner, partner)),
          or(isNull(phoneNumber), eq(partnerWallets.phoneNumber, phoneNumber)),
          or(isNull(state), eq(partnerWallets.state, state)),
        ),
      )
      .orderBy(asc(partnerWallets.partner), asc(partnerWallets.phoneNumber))
      .limit(limitOf(limit))
      .offset(limitOf(skip)),
)

/** What happened to a wallet, the newest first. */
export const listWalletEvents = statement(
  'list_wallet_events',
  { phoneNumber: walletEvents.phoneNumber, limit: type.integer },
  (db, { phoneNumber, limit }) =>
    db
      .select({
        at: walletEvents.at,
        event: walletEvents.event,
        partner: walletEvents.partner,
        actor: walletEvents.actor,
        requestId: walletEvents.requestId,
        note: walletEvents.note,
      })
      .from(walletEvents)
      .where(eq(walletEvents.phoneNumber, phoneNumber))
      .orderBy(desc(walletEvents.id))
      .limit(limitOf(limit)),
)
