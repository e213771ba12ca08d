import type { StatementRunner } from './pool.ts'
import { TABLE_RIGHTS } from './program-rights.ts'

/** What the role of the connection may do to our tables, beside what the program needs. */
export interface RoleRights {
  readonly role: string
  /** No right limits it: a superuser, an owner of tables or one who may create some. */
  readonly isUnlimited: boolean
  /** It changes no table at all, as the roles that only read. */
  readonly onlyReads: boolean
  /** Such as "UPDATE of orders". */
  readonly lacking: readonly string[]
  readonly exceeding: readonly string[]
}

const READ_STANDING = {
  name: 'read_role_standing',
  text: `SELECT current_user AS role, r.rolsuper OR has_schema_privilege('public', 'CREATE')
      OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        AND pg_has_role(c.relowner, 'MEMBER')) AS "isUnlimited"
    FROM pg_roles r WHERE r.rolname = current_user`,
}

/** A right on a column is a right, too. */
const READ_RIGHTS = {
  name: 'read_role_rights',
  text: `SELECT c.relname AS name, t.task, has_table_privilege(c.oid, t.task) AS "onTable",
      CASE WHEN t.task IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(c.oid, t.task)
        ELSE has_table_privilege(c.oid, t.task) END AS "onAny"
    FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS t (task)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1, 2`,
}

interface TableRight {
  readonly name: string
  readonly task: string
  readonly onTable: boolean
  readonly onAny: boolean
}

/** Reads the rights of the role that is connected. */
export async function readRoleRights(runner: StatementRunner): Promise<RoleRights> {
  const [standing] = await runner.run<{ role: string; isUnlimited: boolean }>(READ_STANDING, [])
  if (standing === undefined) throw new Error('a connection without a role')
  const rows = await runner.run<TableRight>(READ_RIGHTS, [])
  const isNeeded = ({ name, task }: TableRight) =>
    task === 'SELECT' || (TABLE_RIGHTS[name] ?? []).some((right) => right === task)
  const named = ({ name, task }: TableRight) => `${task} of ${name}`
  return {
    ...standing,
    onlyReads: rows.every(({ task, onAny }) => task === 'SELECT' || !onAny),
    lacking: rows.filter((each) => isNeeded(each) && !each.onTable).map(named),
    exceeding: rows.filter((each) => !isNeeded(each) && each.onAny).map(named),
  }
}

const READ_VERSION = {
  name: 'read_server_version',
  text: `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
    pg_is_in_recovery() AS "isStandby"`,
}

/** The server's version, as it prints it and as a number such as 160002, and whether it only follows another one. */
export async function readServerVersion(
  runner: StatementRunner,
): Promise<{ version: string; number: number; isStandby: boolean }> {
  const [row] = await runner.run<{ version: string; number: number; isStandby: boolean }>(READ_VERSION, [])
  if (row === undefined) throw new Error('a server without a version')
  return row
}
