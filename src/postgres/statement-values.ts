import { type GetColumnData, type SQL, sql } from 'drizzle-orm'
import { type PgColumn, QueryBuilder, type SubqueryWithSelection } from 'drizzle-orm/pg-core'

/** The type of a value that no column has. */
export interface Scalar<T> {
  readonly sqlType: string
  /** Only for the compiler. */
  readonly of?: T
}

const scalar = <T>(sqlType: string): Scalar<T> => ({ sqlType })

/** Types of values that belong to no column. */
export const type = {
  boolean: scalar<boolean>('boolean'),
  integer: scalar<number>('integer'),
  /** Milliseconds and other measures. */
  float: scalar<number>('double precision'),
  text: scalar<string>('text'),
  time: scalar<Date>('timestamptz'),
  uuid: scalar<string>('uuid'),
}

/** One value: a column's, or one that no column has. */
type Single = PgColumn | Scalar<unknown>

/** A value in a row, which may be null. */
type Cell = Single | Nullable<Single>

/** Many values of one type. */
export interface List<Of extends Single> {
  readonly listOf: Of
}

/** Many rows at once, as a table that the statement reads. */
export interface Rows<Columns extends Readonly<Record<string, Cell>>> {
  readonly rowsOf: Columns
}

/** Either of these may be null. */
export interface Nullable<Of extends Single | List<Single>> {
  readonly nullable: Of
}

export const list = <Of extends Single>(listOf: Of): List<Of> => ({ listOf })
export const rows = <Columns extends Readonly<Record<string, Cell>>>(rowsOf: Columns): Rows<Columns> => ({
  rowsOf,
})
export const nullable = <Of extends Single | List<Single>>(of: Of): Nullable<Of> => ({ nullable: of })

export type Value =
  | Single
  | List<Single>
  | Rows<Readonly<Record<string, Cell>>>
  | Nullable<Single | List<Single>>

type DataOf<V> = V extends PgColumn
  ? GetColumnData<V>
  : V extends Scalar<infer T>
    ? T
    : V extends List<infer Of>
      ? readonly DataOf<Of>[]
      : V extends Nullable<infer Of>
        ? DataOf<Of> | null
        : V extends Rows<infer Columns>
          ? readonly { readonly [Key in keyof Columns]: DataOf<Columns[Key]> }[]
          : never

/** What a statement is given when it runs. */
export type ValuesOf<Spec> = { readonly [Key in keyof Spec]: DataOf<Spec[Key]> }

/** The same while the statement is built: a parameter with its type, or a table. */
export type BuiltOf<Spec> = {
  readonly [Key in keyof Spec]: Spec[Key] extends Rows<infer Columns>
    ? SubqueryWithSelection<
        { [Name in keyof Columns & string]: SQL.Aliased<DataOf<Columns[Name]>> },
        Key & string
      >
    : SQL<DataOf<Spec[Key]>>
}

/** Every value of a column of the rows that a statement is given, as an array: a key to reach other rows by. */
export type ListsOf<Spec> = {
  readonly [Key in keyof Spec]: Spec[Key] extends Rows<infer Columns>
    ? { readonly [Name in keyof Columns]: SQL<readonly DataOf<Columns[Name]>[]> }
    : never
}

const withoutNull = <Of extends Single | List<Single>>(value: Of | Nullable<Of>): Of =>
  'nullable' in value ? (value.nullable as Of) : (value as Of)

const typeOf = (single: Single): string =>
  'getSQLType' in single ? single.getSQLType().replace(/^(big|small)?serial$/, '$1int') : single.sqlType

/** The values of a statement while it is built. */
export function inSql<Spec extends Readonly<Record<string, Value>>>(spec: Spec): BuiltOf<Spec> {
  const built = Object.entries(spec).map(([key, value]) => [key, valueInSql(key, value)])
  return Object.fromEntries(built) as BuiltOf<Spec>
}

function valueInSql(key: string, value: Value): unknown {
  if ('rowsOf' in value) return rowsInSql(key, value.rowsOf)
  const plain = withoutNull(value)
  const sqlType = 'listOf' in plain ? `${typeOf(plain.listOf)}[]` : typeOf(plain)
  return sql`${sql.placeholder(key)}::${sql.raw(sqlType)}`
}

const arrayOf = (key: string, name: string, cell: Cell): SQL =>
  sql`${sql.placeholder(`${key}.${name}`)}::${sql.raw(`${typeOf(withoutNull(cell))}[]`)}`

/** See `ListsOf`. */
export function listsIn<Spec extends Readonly<Record<string, Value>>>(spec: Spec): ListsOf<Spec> {
  const lists = Object.entries(spec).flatMap(([key, value]) => {
    if (!('rowsOf' in value)) return []
    const columns = Object.entries(value.rowsOf).map(([name, cell]) => [name, arrayOf(key, name, cell)])
    return [[key, Object.fromEntries(columns)]]
  })
  return Object.fromEntries(lists) as ListsOf<Spec>
}

/** The rows as one array a column: a statement has the same text for one row and for a thousand. */
function rowsInSql(key: string, columns: Readonly<Record<string, Cell>>) {
  const names = Object.keys(columns)
  // Drizzle prints a column of this table without the table, so each name must be unique in the statement.
  const given = (name: string) => sql.identifier(`${key}_${name}`)
  const arrays = Object.entries(columns).map(([name, cell]) => arrayOf(key, name, cell))
  const source = sql.identifier(`given_${key}`)
  const table = sql`unnest(${sql.join(arrays, sql`, `)}) as ${source}(${sql.join(names.map(given), sql`, `)})`
  const selection = Object.fromEntries(
    names.map((name) => [name, sql`${source}.${given(name)}`.as(`${key}_${name}`)]),
  )
  return new QueryBuilder().select(selection).from(table).as(key)
}

/** The values as the driver sends them, by the names of their placeholders. */
export function encoded(spec: Readonly<Record<string, Value>>, values: Readonly<Record<string, unknown>>) {
  const parameters: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(spec)) {
    if (!('rowsOf' in value)) {
      parameters[key] = encodedOne(withoutNull(value), values[key])
      continue
    }
    const given = values[key] as readonly Record<string, unknown>[]
    for (const [name, column] of Object.entries(value.rowsOf))
      parameters[`${key}.${name}`] = given.map((row) => encodedOne(withoutNull(column), row[name]))
  }
  return parameters
}

function encodedOne(value: Single | List<Single>, data: unknown): unknown {
  if (data === null || data === undefined) return null
  if ('listOf' in value) return (data as readonly unknown[]).map((each) => encodedOne(value.listOf, each))
  if (data instanceof Date) return timeText(data)
  return 'mapToDriverValue' in value ? value.mapToDriverValue(data) : data
}

/** A time as Postgres reads it, which has no sign before a year and no year 0. A person may ask for any time. */
function timeText(time: Date): string {
  const year = time.getUTCFullYear()
  const rest = time.toISOString().replace(/^[+-]?\d+/, '')
  return year > 0
    ? `${String(year).padStart(4, '0')}${rest}`
    : `${String(1 - year).padStart(4, '0')}${rest} BC`
}
