import type { StatementRunner } from '../../postgres/pool.ts'
import { type Mapping, parseMapping } from './mapping.ts'
import { StatementRefused } from './statement-refused.ts'

/** A mapping as it is kept: a change is a new version, for statements name the one they were read with. */
export interface StoredMapping {
  readonly name: string
  readonly version: number
  readonly mapping: Mapping
  readonly createdAt: Date
  readonly createdBy: string
}

const COLUMNS = 'name, version, mapping, created_at AS "createdAt", created_by AS "createdBy"'

const LIST_MAPPINGS = {
  name: 'list_mappings',
  text: `SELECT ${COLUMNS} FROM statement_mappings ORDER BY name, version`,
}

const READ_MAPPING = {
  name: 'read_mapping',
  text: `
    SELECT ${COLUMNS} FROM statement_mappings WHERE name = $1 AND ($2::int IS NULL OR version = $2)
    ORDER BY version DESC LIMIT 1`,
}

/** All mappings in all versions. */
export async function listMappings(runner: StatementRunner): Promise<StoredMapping[]> {
  return await runner.run<StoredMapping>(LIST_MAPPINGS, [])
}

/**
 * Reads a mapping.
 * @param version null: the newest
 * @throws StatementRefused when there is none
 */
export async function readMapping(
  runner: StatementRunner,
  name: string,
  version: number | null = null,
): Promise<StoredMapping> {
  const [row] = await runner.run<StoredMapping>(READ_MAPPING, [name, version])
  if (row === undefined)
    throw new StatementRefused(
      `there is no mapping ${name}${version === null ? '' : ` of version ${version}`}: see \`goldpro recon mappings list\``,
    )
  return { ...row, mapping: parseMapping(row.mapping) }
}

// Two people adding at once get two versions: the second one's number is taken, and it is asked to try again.
const ADD_MAPPING = {
  name: 'add_mapping',
  text: `
    INSERT INTO statement_mappings (name, version, mapping, created_by)
    SELECT $1, coalesce(max(version), 0) + 1, $2, $3 FROM statement_mappings WHERE name = $1
    ON CONFLICT DO NOTHING RETURNING version`,
}

/** Keeps a mapping as the newest version of its name. @returns that version */
export async function addMapping(
  runner: StatementRunner,
  name: string,
  mapping: Mapping,
  by: string,
): Promise<number> {
  const [row] = await runner.run<{ version: number }>(ADD_MAPPING, [name, JSON.stringify(mapping), by])
  if (row === undefined)
    throw new StatementRefused('somebody else changed this mapping just now: look, and try again')
  return row.version
}
