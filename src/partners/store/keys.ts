import { and, asc, eq, gt, isNull, ne, or, sql } from 'drizzle-orm'
import type { Scope } from '../../core/scopes.ts'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, statement, type } from '../../postgres/statement.ts'
import { partnerKeys, partners } from '../schema.ts'
import { PARTNER_COLUMNS, type PartnerRow } from './partners.ts'

type StoredKey = Readonly<typeof partnerKeys.$inferSelect>

/** A key as people may see it. */
export interface KeyRow
  extends Pick<StoredKey, 'partner' | 'prefix' | 'holder' | 'createdAt' | 'expiresAt' | 'revokedAt'> {
  readonly scopes: readonly Scope[]
  readonly isSigned: boolean
  readonly isValid: boolean
}

const isValid = and(
  isNull(partnerKeys.revokedAt),
  or(isNull(partnerKeys.expiresAt), gt(partnerKeys.expiresAt, sql`now()`)),
)

const selectKeys = statement(
  'list_partner_keys',
  { partner: nullable(partnerKeys.partner) },
  (db, { partner }) =>
    db
      .select({
        partner: partnerKeys.partner,
        prefix: partnerKeys.prefix,
        holder: partnerKeys.holder,
        scopes: partnerKeys.scopes,
        isSigned: sql<boolean>`${partnerKeys.signingSecret} is not null`,
        createdAt: partnerKeys.createdAt,
        expiresAt: partnerKeys.expiresAt,
        revokedAt: partnerKeys.revokedAt,
        isValid: sql<boolean>`${isValid}`,
      })
      .from(partnerKeys)
      .where(or(isNull(partner), eq(partnerKeys.partner, partner)))
      .orderBy(asc(partnerKeys.partner), asc(partnerKeys.createdAt), asc(partnerKeys.prefix)),
)

/** The keys of all partners, or of one; the oldest first. */
export async function listKeys(runner: StatementRunner, partner: string | null): Promise<KeyRow[]> {
  return await selectKeys(runner, { partner })
}

const insertKey = statement(
  'add_partner_key',
  {
    prefix: partnerKeys.prefix,
    partner: partnerKeys.partner,
    holder: partnerKeys.holder,
    secretHash: partnerKeys.secretHash,
    scopes: partnerKeys.scopes,
    signingSecret: nullable(partnerKeys.signingSecret),
    actor: partnerKeys.actor,
  },
  (db, key) => db.insert(partnerKeys).values(key),
)

export interface NewKeyRow
  extends Pick<StoredKey, 'prefix' | 'partner' | 'holder' | 'secretHash' | 'signingSecret'> {
  readonly scopes: readonly Scope[]
}

/** @throws StorageError with the constraint `partner_has_two_keys` or `partner_has_many_holders` */
export async function addKey(runner: StatementRunner, key: NewKeyRow, actor: string): Promise<void> {
  await insertKey(runner, { ...key, scopes: [...key.scopes], actor })
}

const updateExpiry = statement(
  'expire_partner_keys',
  {
    partner: partnerKeys.partner,
    holder: partnerKeys.holder,
    prefix: partnerKeys.prefix,
    minutes: type.float,
    actor: partnerKeys.actor,
  },
  (db, { partner, holder, prefix, minutes, actor }) => {
    const end = sql`now() + ${minutes} * interval '1 minute'`
    return db
      .update(partnerKeys)
      .set({ expiresAt: end, actor })
      .where(
        and(
          eq(partnerKeys.partner, partner),
          eq(partnerKeys.holder, holder),
          isValid,
          ne(partnerKeys.prefix, prefix),
          or(isNull(partnerKeys.expiresAt), gt(partnerKeys.expiresAt, end)),
        ),
      )
  },
)

/** Lets a holder's other keys expire in so many minutes; a key that expires sooner keeps its time. */
export async function expireOtherKeys(
  runner: StatementRunner,
  key: { readonly partner: string; readonly holder: string; readonly prefix: string },
  minutes: number,
  actor: string,
): Promise<void> {
  await updateExpiry(runner, { ...key, minutes, actor })
}

const updateRevocation = statement(
  'revoke_partner_keys',
  { partner: partnerKeys.partner, prefix: nullable(partnerKeys.prefix), actor: partnerKeys.actor },
  (db, { partner, prefix, actor }) =>
    db
      .update(partnerKeys)
      .set({ revokedAt: sql`now()`, actor })
      .where(
        and(
          eq(partnerKeys.partner, partner),
          isNull(partnerKeys.revokedAt),
          or(isNull(prefix), eq(partnerKeys.prefix, prefix)),
        ),
      )
      .returning({ prefix: partnerKeys.prefix }),
)

/** Revokes one key of a partner, or all of them. Returns the prefixes of those that were not revoked before. */
export async function revokeKeys(
  database: Database,
  partner: string,
  prefix: string | null,
  actor: string,
): Promise<string[]> {
  const revoked = await updateRevocation(database, { partner, prefix, actor })
  return revoked.map((key) => key.prefix)
}

/** A valid key with its partner, by which a request is authenticated. */
export interface KnownKey
  extends PartnerRow,
    Pick<StoredKey, 'prefix' | 'holder' | 'secretHash' | 'signingSecret'> {
  readonly scopes: readonly Scope[]
  /** When it was found, by the database's clock. */
  readonly foundAt: Date
}

const selectValidKeys = statement(
  'find_partner_keys',
  { prefixes: list(partnerKeys.prefix) },
  (db, { prefixes }) =>
    db
      .select({
        prefix: partnerKeys.prefix,
        holder: partnerKeys.holder,
        secretHash: partnerKeys.secretHash,
        scopes: partnerKeys.scopes,
        signingSecret: partnerKeys.signingSecret,
        foundAt: sql<Date>`clock_timestamp()`.mapWith(partnerKeys.createdAt),
        ...PARTNER_COLUMNS,
      })
      .from(partnerKeys)
      .innerJoin(partners, eq(partners.name, partnerKeys.partner))
      .where(and(sql`${partnerKeys.prefix} = any(${prefixes})`, isValid)),
)

/**
 * Finds keys that are neither revoked nor expired, in the order of the prefixes; null where there is none.
 * The caller compares the hash.
 */
export async function findValidKeys(
  database: Database,
  prefixes: readonly string[],
): Promise<(KnownKey | null)[]> {
  const keys = await selectValidKeys(database, { prefixes: [...new Set(prefixes)] })
  return prefixes.map((prefix) => keys.find((key) => key.prefix === prefix) ?? null)
}
