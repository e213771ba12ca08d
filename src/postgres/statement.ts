import {
  DrizzleQueryError,
  type GetColumnData,
  getTableColumns,
  type Placeholder,
  SQL,
  type SQLWrapper,
  sql,
} from 'drizzle-orm'
import { drizzle, type NodePgClient, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { StatementRunner } from './pool.ts'
import {
  type BuiltOf,
  encoded,
  inSql,
  type ListsOf,
  listsIn,
  type Value,
  type ValuesOf,
} from './statement-values.ts'
import { Refusal, StorageError } from './storage-error.ts'

export { type BuiltOf, list, nullable, rows, type Scalar, type } from './statement-values.ts'

/** Drizzle's builder of queries. */
export type Queries = NodePgDatabase

interface Preparable<Row> {
  prepare(name: string): { execute(values: Record<string, unknown>): Promise<Row> }
}

/**
 * A statement of Drizzle's builder. It is built once per connection, and planned by Postgres once per connection of a
 * pool: building takes 150 to 360 µs, running what was built 2 µs of the process' time.
 * @param spec the values it takes, each with the column or type that encodes it
 * @returns the function that runs it
 */
export function statement<Spec extends Readonly<Record<string, Value>>, Result>(
  name: string,
  spec: Spec,
  build: (db: Queries, values: BuiltOf<Spec>, lists: ListsOf<Spec>) => Preparable<Result>,
): (runner: StatementRunner, values: ValuesOf<Spec>) => Promise<Result> {
  const built = new WeakMap<StatementRunner, ReturnType<Preparable<Result>['prepare']>>()
  return async (runner, values) => {
    let prepared = built.get(runner)
    if (prepared === undefined) {
      prepared = build(queriesOn(runner), inSql(spec), listsIn(spec)).prepare(name)
      built.set(runner, prepared)
    }
    try {
      return await prepared.execute(encoded(spec, values))
    } catch (error) {
      throw storageError(name, error)
    }
  }
}

/** Drizzle's own errors carry the values of a statement, and so phone numbers. */
function storageError(name: string, error: unknown): unknown {
  const cause = error instanceof DrizzleQueryError ? error.cause : error
  return cause instanceof StorageError || cause instanceof Refusal ? cause : new StorageError(name, cause)
}

/** Drizzle on whatever runs statements: pool, transaction and session stay ours, which listen for lost connections. */
function queriesOn(runner: StatementRunner): Queries {
  const client = {
    query: async (config: never, values: unknown[]) => ({ rows: await runner.run(config, values) }),
  }
  return drizzle({ client: client as unknown as NodePgClient })
}

type ColumnsOf<Table extends PgTable> = Table['_']['columns']
type Required<Columns> = {
  [Name in keyof Columns]: Columns[Name] extends PgColumn
    ? Columns[Name]['_'] extends { notNull: true; hasDefault: false }
      ? Name
      : never
    : never
}[keyof Columns]

/**
 * The values of a row for `insert into … select`, in the order of the table's columns, which Drizzle asks for. Columns
 * that are not given get their default.
 */
export function rowFor<Table extends PgTable>(
  table: Table,
  values: { readonly [Name in Required<ColumnsOf<Table>>]: SQLWrapper } & {
    readonly [Name in keyof ColumnsOf<Table>]?: SQLWrapper
  },
): SQL {
  const given: Readonly<Record<string, SQLWrapper | undefined>> = values
  const cells = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value = given[name]
    if (value !== undefined) return sql`${value}`
    if (!column.hasDefault) return sql`null`
    if (column.default === undefined) throw new Error(`${column.name} has a default that only Postgres knows`)
    return column.default instanceof SQL ? column.default : sql`${sql.param(column.default, column)}`
  })
  return sql.join(cells, sql`, `)
}

/** A column's bare name, for the places where SQL takes no table before it. */
export const columnName = ({ name }: PgColumn): SQL => sql`${sql.identifier(name)}`

/** A value as `limit` and `offset` take it: Drizzle's types know only its own placeholders there. */
export const limitOf = (value: SQL): Placeholder => value as unknown as Placeholder

/** A nullable column in a statement whose rows have it: a check or the statement's own condition excludes null. */
export const present = <Column extends PgColumn>(column: Column): SQL<NonNullable<GetColumnData<Column>>> =>
  sql`${column}`.mapWith(column) as SQL<NonNullable<GetColumnData<Column>>>
