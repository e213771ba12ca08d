import type { Scope } from '../../core/scopes.ts'
import type { OrderKind } from '../../orders/command.ts'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import type { PartnerState } from '../enums.ts'

/** A partner as it stands. Rupiah are Postgres's digits. */
export interface PartnerRow {
  readonly name: string
  readonly state: PartnerState
  readonly ordersPerMinute: number | null
  readonly rupiahPerOrder: string | null
  readonly rupiahPerDay: string | null
  readonly walletsPerDay: number | null
  readonly kinds: readonly OrderKind[] | null
  readonly addresses: readonly string[] | null
  readonly createdAt: Date
}

/** A key as people may see it. */
export interface KeyRow {
  readonly partner: string
  readonly prefix: string
  /** Who uses it: a person or a system of the partner. */
  readonly holder: string
  readonly scopes: readonly Scope[]
  readonly isSigned: boolean
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly isValid: boolean
}

const PARTNER_COLUMNS = `
  p.name, p.state, p.orders_per_minute AS "ordersPerMinute", p.rupiah_per_order::text AS "rupiahPerOrder",
  p.rupiah_per_day::text AS "rupiahPerDay", p.wallets_per_day AS "walletsPerDay", p.kinds, p.addresses,
  p.created_at AS "createdAt"`

const IS_VALID = `(k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()))`

const ADD_PARTNER = {
  name: 'add_partner',
  text: `INSERT INTO partners (name, state, actor) VALUES ($1, 'active', $2) ON CONFLICT DO NOTHING RETURNING name`,
}

/** Adds a partner without limits; false when there is one of this name. */
export async function addPartner(runner: StatementRunner, name: string, actor: string): Promise<boolean> {
  return (await runner.run(ADD_PARTNER, [name, actor])).length > 0
}

const LOCK_PARTNER = {
  name: 'lock_partner',
  text: 'SELECT name FROM partners WHERE name = $1 FOR UPDATE',
}

/** Makes changes of a partner's keys take turns, until the transaction ends; false when there is no such partner. */
export async function lockPartner(runner: StatementRunner, name: string): Promise<boolean> {
  return (await runner.run(LOCK_PARTNER, [name])).length > 0
}

const LIST_PARTNERS = {
  name: 'list_partners',
  text: `SELECT ${PARTNER_COLUMNS} FROM partners p WHERE $1::text IS NULL OR p.name = $1 ORDER BY p.name`,
}

/** All partners, or the one of this name. */
export async function listPartners(runner: StatementRunner, name: string | null): Promise<PartnerRow[]> {
  return await runner.run<PartnerRow>(LIST_PARTNERS, [name])
}

const LIST_KEYS = {
  name: 'list_partner_keys',
  text: `
    SELECT k.partner, k.prefix, k.holder, k.scopes, k.signing_secret IS NOT NULL AS "isSigned", k.created_at AS "createdAt",
      k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt", ${IS_VALID} AS "isValid"
    FROM partner_keys k WHERE $1::text IS NULL OR k.partner = $1 ORDER BY k.partner, k.created_at, k.prefix`,
}

/** The keys of all partners, or of one; the oldest first. */
export async function listKeys(runner: StatementRunner, partner: string | null): Promise<KeyRow[]> {
  return await runner.run<KeyRow>(LIST_KEYS, [partner])
}

const ADD_KEY = {
  name: 'add_partner_key',
  text: `
    INSERT INTO partner_keys (prefix, partner, holder, secret_hash, scopes, signing_secret, actor)
    VALUES ($1, $2, $3, $4, $5, $6, $7)`,
}

export interface NewKeyRow {
  readonly prefix: string
  readonly partner: string
  readonly holder: string
  readonly secretHash: string
  readonly scopes: readonly Scope[]
  readonly signingSecret: string | null
}

/** @throws StorageError with the constraint `partner_has_two_keys` or `partner_has_many_holders` */
export async function addKey(runner: StatementRunner, key: NewKeyRow, actor: string): Promise<void> {
  const { prefix, partner, holder, secretHash, scopes, signingSecret } = key
  await runner.run(ADD_KEY, [prefix, partner, holder, secretHash, scopes, signingSecret, actor])
}

const EXPIRE_KEYS = {
  name: 'expire_partner_keys',
  text: `
    UPDATE partner_keys k SET expires_at = now() + $2 * interval '1 minute', actor = $3
    WHERE k.partner = $1 AND k.holder = $5 AND ${IS_VALID} AND k.prefix <> $4
      AND (k.expires_at IS NULL OR k.expires_at > now() + $2 * interval '1 minute')`,
}

/** Lets a holder's other keys end in so many minutes. */
export async function expireOtherKeys(
  runner: StatementRunner,
  key: { readonly partner: string; readonly holder: string; readonly prefix: string },
  minutes: number,
  actor: string,
): Promise<void> {
  await runner.run(EXPIRE_KEYS, [key.partner, minutes, actor, key.prefix, key.holder])
}

const REVOKE_KEYS = {
  name: 'revoke_partner_keys',
  text: `
    UPDATE partner_keys k SET revoked_at = now(), actor = $3
    WHERE k.partner = $1 AND k.revoked_at IS NULL AND ($2::text IS NULL OR k.prefix = $2) RETURNING k.prefix`,
}

/** Revokes one key of a partner, or all of them. Returns the prefixes of those that were not revoked before. */
export async function revokeKeys(
  database: Database,
  partner: string,
  prefix: string | null,
  actor: string,
): Promise<string[]> {
  const rows = await database.run<{ prefix: string }>(REVOKE_KEYS, [partner, prefix, actor])
  return rows.map((row) => row.prefix)
}

/** The columns of partners that are limits, and what they are set to; those not named stay. */
export interface LimitChange {
  readonly orders_per_minute?: number | null
  readonly rupiah_per_order?: string | null
  readonly rupiah_per_day?: string | null
  readonly wallets_per_day?: number | null
  readonly kinds?: readonly string[] | null
  readonly addresses?: readonly string[] | null
}

const SET_LIMITS = {
  name: 'set_partner_limits',
  text: `
    UPDATE partners p SET (orders_per_minute, rupiah_per_order, rupiah_per_day, wallets_per_day, kinds, addresses, actor) =
      (SELECT x.orders_per_minute, x.rupiah_per_order, x.rupiah_per_day, x.wallets_per_day, x.kinds, x.addresses, $3
       FROM jsonb_populate_record(p, $2::jsonb) AS x)
    WHERE p.name = $1 RETURNING p.name`,
}

/** Sets some limits; false when there is no such partner. */
export async function setLimits(
  database: Database,
  partner: string,
  change: LimitChange,
  actor: string,
): Promise<boolean> {
  return (await database.run(SET_LIMITS, [partner, JSON.stringify(change), actor])).length > 0
}

const SET_STATE = {
  name: 'set_partner_state',
  text: `UPDATE partners SET state = $2, actor = $3 WHERE name = $1 AND state <> $2 RETURNING name`,
}

/** Suspends or resumes a partner; false when it was so already, or there is none. */
export async function setState(
  database: Database,
  partner: string,
  state: PartnerState,
  actor: string,
): Promise<boolean> {
  return (await database.run(SET_STATE, [partner, state, actor])).length > 0
}

/** A valid key with its partner, as a request is let in by it. */
export interface KnownKey extends PartnerRow {
  /** When it was found, by the database's clock. */
  readonly foundAt: Date
  readonly prefix: string
  readonly holder: string
  readonly secretHash: string
  readonly scopes: readonly Scope[]
  readonly signingSecret: string | null
}

const FIND_KEYS = {
  name: 'find_partner_keys',
  text: `
    SELECT k.prefix, k.holder, k.secret_hash AS "secretHash", k.scopes, k.signing_secret AS "signingSecret",
      clock_timestamp() AS "foundAt", ${PARTNER_COLUMNS}
    FROM partner_keys k JOIN partners p ON p.name = k.partner WHERE k.prefix = ANY ($1::text[]) AND ${IS_VALID}`,
}

/**
 * Finds keys that are neither revoked nor expired, in the order of the prefixes; null where there is none.
 * Whoever asks compares its hash.
 */
export async function findValidKeys(
  database: Database,
  prefixes: readonly string[],
): Promise<(KnownKey | null)[]> {
  const rows = await database.run<KnownKey>(FIND_KEYS, [[...new Set(prefixes)]])
  return prefixes.map((prefix) => rows.find((row) => row.prefix === prefix) ?? null)
}

const TAKE_NONCE = {
  name: 'take_nonce',
  text: `INSERT INTO partner_nonces (prefix, nonce) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING nonce`,
}

/** Remembers a nonce; false when its key has used it before. */
export async function takeNonce(database: Database, prefix: string, nonce: string): Promise<boolean> {
  return (await database.run(TAKE_NONCE, [prefix, nonce])).length > 0
}

/** Whether nobody but the partner has ever placed an order for the wallet. */
const IS_NOBODY_ELSES = `NOT EXISTS (SELECT FROM orders o WHERE o.phone_number = $1::text AND o.partner <> $2::text)`

const CLAIM_WALLET = {
  name: 'claim_wallet',
  text: `
    INSERT INTO partner_wallets (phone_number, partner) SELECT $1::text, $2::text WHERE ${IS_NOBODY_ELSES}
    ON CONFLICT DO NOTHING`,
}

/**
 * Makes a wallet this partner's customer, unless it is another's already: registered by it, or with an order of it. The
 * gateway registers a wallet as often as it is asked to, so that having registered it proves nothing.
 */
export async function claimWallet(database: Database, phoneNumber: string, partner: string): Promise<void> {
  await database.run(CLAIM_WALLET, [phoneNumber, partner])
}

const OWNS_WALLET = {
  name: 'owns_wallet',
  text: `SELECT 1 AS yes FROM partner_wallets WHERE phone_number = $1::text AND partner = $2::text AND ${IS_NOBODY_ELSES}`,
}

/**
 * Whether a wallet is this partner's customer now: first registered here by it, and without an order of another partner.
 * An order is committed before its withdrawal sets an address at the gateway, so whoever asks this after the gateway has
 * answered never hands out an address that another partner's withdrawal has set.
 */
export async function ownsWallet(database: Database, phoneNumber: string, partner: string): Promise<boolean> {
  return (await database.run(OWNS_WALLET, [phoneNumber, partner])).length > 0
}
