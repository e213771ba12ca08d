import { and, asc, desc, eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { nullable, statement } from '../../postgres/statement.ts'
import { type Mapping, parseMapping } from './mapping.ts'
import { statementMappings } from './schema.ts'
import { StatementRefused } from './statement-refused.ts'

/** A stored mapping. A change is a new version; statements name the version they were read with. */
export interface StoredMapping {
  readonly name: string
  readonly version: number
  readonly mapping: Mapping
  readonly createdAt: Date
  readonly createdBy: string
}

const selectMappings = statement('list_mappings', {}, (db) =>
  db.select().from(statementMappings).orderBy(asc(statementMappings.name), asc(statementMappings.version)),
)

const selectMapping = statement(
  'read_mapping',
  { name: statementMappings.name, version: nullable(statementMappings.version) },
  (db, { name, version }) =>
    db
      .select()
      .from(statementMappings)
      .where(
        and(
          eq(statementMappings.name, name),
          sql`(${version} is null or ${statementMappings.version} = ${version})`,
        ),
      )
      .orderBy(desc(statementMappings.version))
      .limit(1),
)

/** All mappings in all versions. */
export async function listMappings(runner: StatementRunner): Promise<StoredMapping[]> {
  return await selectMappings(runner, {})
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
  const [row] = await selectMapping(runner, { name, version })
  if (row === undefined)
    throw new StatementRefused(
      `there is no mapping ${name}${version === null ? '' : ` of version ${version}`}: see \`goldpro recon mappings list\``,
    )
  return { ...row, mapping: parseMapping(row.mapping) }
}

// Two concurrent additions compute the same version: the second one inserts nothing, and its caller may retry.
const insertMapping = statement(
  'add_mapping',
  {
    name: statementMappings.name,
    mapping: statementMappings.mapping,
    createdBy: statementMappings.createdBy,
  },
  (db, { name, mapping, createdBy }) =>
    db
      .insert(statementMappings)
      .select(
        db
          .select({
            name: sql`${name}`.as('given_name'),
            version: sql`coalesce(max(${statementMappings.version}), 0) + 1`.as('next_version'),
            mapping: sql`${mapping}`.as('given_mapping'),
            createdAt: sql`now()`.as('created_now'),
            createdBy: sql`${createdBy}`.as('given_by'),
          })
          .from(statementMappings)
          .where(eq(statementMappings.name, name)),
      )
      .onConflictDoNothing()
      .returning({ version: statementMappings.version }),
)

/** Stores a mapping as the newest version of its name. @returns that version */
export async function addMapping(
  runner: StatementRunner,
  name: string,
  mapping: Mapping,
  by: string,
): Promise<number> {
  const [row] = await insertMapping(runner, { name, mapping, createdBy: by })
  if (row === undefined)
    throw new StatementRefused('somebody else changed this mapping at the same time: read it, and try again')
  return row.version
}
