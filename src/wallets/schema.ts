import { bigserial, check, index, integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { WALLET_POLICIES } from '../core/wallet-policies.ts'
import { at, ONE_FORM_OF_PHONE_NUMBER, oneOf } from '../postgres/columns.ts'
import { WALLET_EVENTS, WALLET_ORIGINS, WALLET_STATES } from './enums.ts'

/**
 * Whose wallet it is: each has at most one partner. Triggers refuse orders of other partners, let a wallet change hands
 * only as two people approved it, and append the events.
 */
export const partnerWallets = pgTable(
  'partner_wallets',
  {
    phoneNumber: text('phone_number').primaryKey(),
    partner: text('partner').notNull(),
    origin: text('origin', { enum: WALLET_ORIGINS }).notNull(),
    state: text('state', { enum: WALLET_STATES }).notNull(),
    /** When it came into this state. */
    since: at('since').notNull().defaultNow(),
    /** Actor and note of the last change, and the request that two people decided; the trigger copies them into wallet_events. */
    actor: text('actor').notNull(),
    note: text('note'),
    requestId: integer('request_id'),
  },
  (wallet) => [
    index('partner_wallets_partner').on(wallet.partner, wallet.phoneNumber),
    check('partner_wallets_wallet', ONE_FORM_OF_PHONE_NUMBER),
    check('partner_wallets_origin', oneOf('origin', WALLET_ORIGINS)),
    check('partner_wallets_state', oneOf('state', WALLET_STATES)),
  ],
)

/** What happened to wallets, written by a trigger. */
export const walletEvents = pgTable(
  'wallet_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    phoneNumber: text('phone_number').notNull(),
    partner: text('partner').notNull(),
    at: at('at').notNull(),
    event: text('event', { enum: WALLET_EVENTS }).notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
    requestId: integer('request_id'),
  },
  (event) => [
    index('wallet_events_wallet').on(event.phoneNumber),
    check('wallet_events_wallet_form', ONE_FORM_OF_PHONE_NUMBER),
  ],
)

/** The policies that were decided, one after the other: the last one holds. */
export const walletPolicies = pgTable(
  'wallet_policies',
  {
    id: serial('id').primaryKey(),
    policy: text('policy', { enum: WALLET_POLICIES }).notNull(),
    at: at('at').notNull().defaultNow(),
    actor: text('actor').notNull(),
    note: text('note'),
    requestId: integer('request_id'),
  },
  () => [check('wallet_policies_policy', oneOf('policy', WALLET_POLICIES))],
)
