import type { SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Statement } from '../postgres/pool.ts'

const DIALECT = new PgDialect()

/**
 * A set-based statement on temporary tables, written in SQL with the columns of the schema. It takes no values: the run's
 * bounds are in `scope`.
 */
export function workStatement(name: string, query: SQL): Statement {
  const { sql: text, params } = DIALECT.sqlToQuery(query)
  if (params.length > 0) throw new Error(`${name} takes values`)
  return { name, text }
}
