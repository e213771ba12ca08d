import pg from 'pg'
import { ADVISORY_LOCK } from './migrate.ts'
import { ANALYZED_TABLES, TABLE_RIGHTS } from './program-rights.ts'

/** A role that must not be given the program's rights. Its message says why and what to do. */
export class RoleRefused extends Error {
  override name = 'RoleRefused'
}

/** The schemas of the product. All rights that a role has in them are revoked first. */
const SCHEMAS = ['public', 'ops', 'bullmq', 'drizzle'] as const

/**
 * Grants a role exactly the rights that the program needs: on tables, views and the queue. Safe to repeat. Rights that an
 * earlier version granted and this one does not are revoked, in the same transaction.
 * @throws RoleRefused when the role is absent, or could exceed its rights
 */
export async function grantProgramRights(ownerUrl: string, role: string): Promise<void> {
  await asOwner(ownerUrl, role, async (client, quoted) => {
    const rows = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')`,
    )
    for (const { name } of rows.rows) {
      const rights = ['SELECT', ...(TABLE_RIGHTS[name] ?? [])].join(', ')
      await client.query(`GRANT ${rights} ON public.${pg.escapeIdentifier(name)} TO ${quoted}`)
    }
    await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${quoted}`)
    await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ops, drizzle TO ${quoted}`)
    await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bullmq TO ${quoted}`)
    await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA bullmq TO ${quoted}`)
    await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA bullmq TO ${quoted}`)
    await client.query(`GRANT USAGE ON SCHEMA public, ops, bullmq, drizzle TO ${quoted}`)
    if (await isFromVersion(client, 170_000))
      await client.query(`GRANT MAINTAIN ON ${ANALYZED_TABLES.join(', ')} TO ${quoted}`)
    await grantOnDatabase(client, role, ['CONNECT', 'TEMPORARY'])
  })
}

/** Grants a role only reading the views of schema `ops`. */
export async function grantReadingRights(ownerUrl: string, role: string): Promise<void> {
  await asOwner(ownerUrl, role, async (client, quoted) => {
    await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ops TO ${quoted}`)
    await client.query(`GRANT USAGE ON SCHEMA ops TO ${quoted}`)
    await grantOnDatabase(client, role, ['CONNECT'])
  })
}

/** Columns that no operator reads: whoever has them signs in the name of a partner, or has a start at guessing. */
const SECRET_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  webhook_endpoints: ['secret', 'previous_secret'],
  operator_tokens: ['secret_hash'],
  operator_factors: ['code_hash', 'salt', 'key_hash', 'totp_secret', 'recovery_hashes'],
}

/**
 * Grants a role what the commands of operators read, and nothing that changes a row: commands that change something run as the
 * program's role, on the machines where operations work.
 */
export async function grantOperatorsRights(ownerUrl: string, role: string): Promise<void> {
  await asOwner(ownerUrl, role, async (client, quoted) => {
    await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public, ops, drizzle TO ${quoted}`)
    for (const [table, secret] of Object.entries(SECRET_COLUMNS)) {
      await client.query(`REVOKE SELECT ON public.${table} FROM ${quoted}`)
      const columns = await client.query<{ name: string }>(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass('public.' || $1) AND attnum > 0
           AND NOT attisdropped AND NOT attname = ANY ($2)`,
        [table, secret],
      )
      const readable = columns.rows.map(({ name }) => pg.escapeIdentifier(name)).join(', ')
      await client.query(`GRANT SELECT (${readable}) ON public.${table} TO ${quoted}`)
    }
    await client.query(`GRANT USAGE ON SCHEMA public, ops, drizzle TO ${quoted}`)
    await grantOnDatabase(client, role, ['CONNECT'])
  })
}

async function asOwner(
  ownerUrl: string,
  role: string,
  grant: (client: pg.Client, quotedRole: string) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 5_000 })
  // A checked-out client without a listener ends the process when the server goes away.
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('BEGIN')
    // Concurrent grants would conflict on the same rows of the catalogue.
    await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
    await refuseUnfit(client, role)
    const quoted = pg.escapeIdentifier(role)
    await revokeAll(client, quoted)
    await grant(client, quoted)
    await client.query('COMMIT')
  } finally {
    await client.end()
  }
}

const STANDING = `
  SELECT r.rolsuper AS "isSuperuser", r.rolname = current_user AS "isOwner", pg_has_role(r.oid, current_user, 'MEMBER') AS "isMember",
    EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace) AS "ownsTables",
    has_schema_privilege(r.oid, 'public', 'CREATE') AS "mayCreate"
  FROM pg_roles r WHERE r.rolname = $1`

interface Standing {
  readonly isSuperuser: boolean
  readonly isOwner: boolean
  readonly isMember: boolean
  readonly ownsTables: boolean
  readonly mayCreate: boolean
}

/** Refuses a role that owns the tables or can become their owner: rights would not limit it. */
async function refuseUnfit(client: pg.Client, role: string): Promise<void> {
  const standing = (await client.query<Standing>(STANDING, [role])).rows[0]
  if (standing === undefined)
    throw new RoleRefused(
      `there is no role ${role} in Postgres: create it with CREATE ROLE … LOGIN PASSWORD …`,
    )
  if (standing.isOwner)
    throw new RoleRefused(`${role} is the role that migrates: give the program a role of its own`)
  if (standing.isSuperuser)
    throw new RoleRefused(
      `${role} is a superuser, whom no right limits: give the program a role that is not a superuser`,
    )
  if (standing.isMember || standing.ownsTables)
    throw new RoleRefused(
      `${role} can act as the owner of tables: give the program a role that is no member of the owner`,
    )
  if (standing.mayCreate)
    throw new RoleRefused(
      `${role} may create tables in schema public: as its owner run REVOKE CREATE ON SCHEMA public FROM PUBLIC, ${pg.escapeIdentifier(role)}`,
    )
}

async function revokeAll(client: pg.Client, quoted: string): Promise<void> {
  for (const kind of ['TABLES', 'SEQUENCES', 'FUNCTIONS'])
    await client.query(`REVOKE ALL ON ALL ${kind} IN SCHEMA ${SCHEMAS.join(', ')} FROM ${quoted}`)
  await client.query(`REVOKE ALL ON SCHEMA ops, bullmq, drizzle FROM ${quoted}`)
}

/** Grants only missing rights: PUBLIC usually has them, and the owner of the tables may not own the database. */
async function grantOnDatabase(client: pg.Client, role: string, rights: readonly string[]): Promise<void> {
  for (const right of rights) {
    const found = await client.query<{ has: boolean; name: string }>(
      'SELECT has_database_privilege($1, current_database(), $2) AS has, current_database() AS name',
      [role, right],
    )
    const { has = false, name = '' } = found.rows[0] ?? {}
    if (!has)
      await client.query(
        `GRANT ${right} ON DATABASE ${pg.escapeIdentifier(name)} TO ${pg.escapeIdentifier(role)}`,
      )
  }
}

async function isFromVersion(client: pg.Client, version: number): Promise<boolean> {
  const found = await client.query<{ is: boolean }>(
    `SELECT current_setting('server_version_num')::int >= $1 AS is`,
    [version],
  )
  return found.rows[0]?.is === true
}
