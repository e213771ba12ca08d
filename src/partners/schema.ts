import { sql } from 'drizzle-orm'
import {
  bigserial,
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core'
import { SCOPES } from '../core/scopes.ts'
import { ORDER_KINDS } from '../orders/command.ts'
import { at, ONE_FORM_OF_PHONE_NUMBER, oneOf, rupiah } from '../postgres/columns.ts'
import { PARTNER_EVENTS, PARTNER_STATES } from './enums.ts'

/**
 * The partners of the HTTP API, their keys and how much of their limits they have used. Triggers of the hand-written
 * migration hold the other rules: a key changes only by ending, and every change is an event.
 */
export const partners = pgTable(
  'partners',
  {
    /** The partner's short name: the `partner` of its orders. */
    name: text('name').primaryKey(),
    state: text('state', { enum: PARTNER_STATES }).notNull(),
    /** Null: no limit. */
    ordersPerMinute: integer('orders_per_minute'),
    rupiahPerOrder: rupiah('rupiah_per_order'),
    rupiahPerDay: rupiah('rupiah_per_day'),
    walletsPerDay: integer('wallets_per_day'),
    /** Null: every kind. */
    kinds: text('kinds', { enum: ORDER_KINDS }).array(),
    /** Addresses and networks it may call from; null: any. */
    addresses: text('addresses').array(),
    createdAt: at('created_at').notNull().defaultNow(),
    /** The scopes that its keys may have; null: those of its first key. */
    scopes: text('scopes', { enum: SCOPES }).array(),
    /** The change request by which two people approved the last change that takes two. */
    requestId: integer('request_id'),
    /** Who made the last change; the trigger copies it into partner_events. */
    actor: text('actor').notNull(),
  },
  () => [
    check('partners_name', sql`name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'`),
    check('partners_state', oneOf('state', PARTNER_STATES)),
    check(
      'partners_limits',
      sql`orders_per_minute > 0 and rupiah_per_order > 0 and rupiah_per_day > 0 and wallets_per_day > 0`,
    ),
    check(
      'partners_lists',
      sql`cardinality(kinds) > 0 and cardinality(addresses) > 0 and cardinality(scopes) > 0`,
    ),
  ],
)

/** Keys. A secret is printed once, when the key is added, and is not stored. */
export const partnerKeys = pgTable(
  'partner_keys',
  {
    /** The visible beginning of the key, by which it is found and named. */
    prefix: text('prefix').primaryKey(),
    partner: text('partner').notNull(),
    /** Who uses it: a person or a system of the partner. A key and those it is rotated into have one holder. */
    holder: text('holder').notNull().default('main'),
    /** SHA-256 of the whole key, in hex. */
    secretHash: text('secret_hash').notNull(),
    scopes: text('scopes', { enum: SCOPES }).array().notNull(),
    /** Set: every request must be signed with it. The server must know it, so it grants nothing without the key. */
    signingSecret: text('signing_secret'),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at'),
    revokedAt: at('revoked_at'),
    actor: text('actor').notNull(),
  },
  (key) => [
    foreignKey({ columns: [key.partner], foreignColumns: [partners.name], name: 'partner_keys_partner_fk' }),
    index('partner_keys_partner').on(key.partner),
    check('partner_keys_holder', sql`holder ~ '^[a-z0-9][a-z0-9-]{0,31}$'`),
    check('partner_keys_secret_hash', sql`secret_hash ~ '^[0-9a-f]{64}$'`),
    check('partner_keys_scopes', sql`cardinality(scopes) > 0`),
  ],
)

/** What happened to partners and their keys, written by triggers. */
export const partnerEvents = pgTable(
  'partner_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    partner: text('partner').notNull(),
    at: at('at').notNull(),
    event: text('event', { enum: PARTNER_EVENTS }).notNull(),
    actor: text('actor').notNull(),
    /** The limits, or the key's prefix, scopes and end. Never a secret or its hash. */
    detail: jsonb('detail').notNull(),
  },
  (event) => [index('partner_events_partner').on(event.partner)],
)

/** What a partner has used of its limits, in the minute and on the day of its last order. Its row is the lock. */
export const partnerUsage = pgTable(
  'partner_usage',
  {
    partner: text('partner').primaryKey(),
    minute: at('minute').notNull(),
    orders: integer('orders').notNull().default(0),
    /** The day in Asia/Jakarta. */
    day: date('day').notNull(),
    rupiah: rupiah('rupiah').notNull().default(sql`0`),
    wallets: integer('wallets').notNull().default(0),
  },
  (usage) => [
    foreignKey({
      columns: [usage.partner],
      foreignColumns: [partners.name],
      name: 'partner_usage_partner_fk',
    }),
  ],
)

/** The wallets a partner has placed orders for on a day. Swept after the day. */
export const partnerDayWallets = pgTable(
  'partner_day_wallets',
  {
    partner: text('partner').notNull(),
    day: date('day').notNull(),
    phoneNumber: text('phone_number').notNull(),
  },
  (wallet) => [
    primaryKey({ columns: [wallet.partner, wallet.day, wallet.phoneNumber] }),
    check('partner_day_wallets_wallet', ONE_FORM_OF_PHONE_NUMBER),
  ],
)

/** Nonces of signed requests: each is valid once for its key. Swept when its timestamp would be refused anyway. */
export const partnerNonces = pgTable(
  'partner_nonces',
  {
    prefix: text('prefix').notNull(),
    nonce: text('nonce').notNull(),
    seenAt: at('seen_at').notNull().defaultNow(),
  },
  (nonce) => [
    primaryKey({ columns: [nonce.prefix, nonce.nonce] }),
    index('partner_nonces_seen_at').on(nonce.seenAt),
  ],
)
