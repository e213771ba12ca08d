import { and, asc, eq, isNull, ne, sql } from 'drizzle-orm'
import { list, nullable, statement, type } from '../../postgres/statement.ts'
import type { Role } from '../enums.ts'
import { operators, operatorTokens } from '../schema.ts'

/** An operator as it stands. */
export interface OperatorRow {
  readonly operatorId: number
  readonly name: string
  readonly roles: readonly Role[]
  readonly disabledAt: Date | null
}

const COLUMNS = {
  operatorId: operators.id,
  name: operators.name,
  roles: operators.roles,
  disabledAt: operators.disabledAt,
} as const

export const insertOperator = statement(
  'add_operator',
  {
    name: operators.name,
    roles: list(type.text),
    actor: operators.actor,
    note: nullable(operators.note),
    requestId: nullable(operators.requestId),
  },
  (db, { name, roles, actor, note, requestId }) =>
    db
      .insert(operators)
      .values({ name, roles, actor, note, requestId })
      .onConflictDoNothing()
      .returning({ operatorId: operators.id }),
)

/** The operator of this name, in any spelling. */
export const findOperatorByName = statement('find_operator', { name: operators.name }, (db, { name }) =>
  db.select(COLUMNS).from(operators).where(sql`person_key(${operators.name}) = person_key(${name})`),
)

export const updateOperator = statement(
  'change_operator',
  {
    operatorId: operators.id,
    roles: list(type.text),
    isDisabled: type.boolean,
    actor: operators.actor,
    note: nullable(operators.note),
    requestId: nullable(operators.requestId),
  },
  (db, { operatorId, roles, isDisabled, actor, note, requestId }) =>
    db
      .update(operators)
      .set({
        roles,
        disabledAt: sql`case when ${isDisabled} then coalesce(${operators.disabledAt}, clock_timestamp()) end`,
        actor,
        note,
        requestId,
      })
      .where(eq(operators.id, operatorId)),
)

export const insertToken = statement(
  'add_operator_token',
  {
    prefix: operatorTokens.prefix,
    operatorId: operatorTokens.operatorId,
    secretHash: operatorTokens.secretHash,
    expiresAt: nullable(operatorTokens.expiresAt),
    actor: operatorTokens.actor,
  },
  (db, token) => db.insert(operatorTokens).values(token),
)

/** Revokes an operator's tokens but the one of this prefix. */
export const revokeTokens = statement(
  'revoke_operator_tokens',
  { operatorId: operatorTokens.operatorId, but: operatorTokens.prefix, actor: operatorTokens.actor },
  (db, { operatorId, but, actor }) =>
    db
      .update(operatorTokens)
      .set({ revokedAt: sql`clock_timestamp()`, actor })
      .where(
        and(
          eq(operatorTokens.operatorId, operatorId),
          ne(operatorTokens.prefix, but),
          isNull(operatorTokens.revokedAt),
        ),
      )
      .returning({ prefix: operatorTokens.prefix }),
)

export const countAdmins = statement('count_admins', {}, (db) =>
  db.select({ count: sql`admins.count`.mapWith(Number) }).from(sql`count_admins(null) as admins (count)`),
)

export const listOperators = statement('list_operators', {}, (db) => {
  const valid = sql`array(
    select ${operatorTokens.prefix} from ${operatorTokens}
    where ${operatorTokens.operatorId} = ${operators.id} and ${operatorTokens.revokedAt} is null
      and (${operatorTokens.expiresAt} is null or ${operatorTokens.expiresAt} > clock_timestamp())
    order by ${operatorTokens.createdAt})`
  return db
    .select({ ...COLUMNS, createdAt: operators.createdAt, prefixes: sql<string[]>`${valid}` })
    .from(operators)
    .orderBy(asc(operators.id))
})

export type ListedOperator = Awaited<ReturnType<typeof listOperators>>[number]
