import { and, asc, eq, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import type { BreakSelection } from './break-filter.ts'
import { breakEvents, breaks } from './breaks-schema.ts'
import type { BreakReason, BreakType } from './enums.ts'
import { statements } from './statements/schema.ts'
import { openBreaks } from './views-schema.ts'

/** An open break. Grams have four decimals, rupiah all their digits. */
export interface OpenBreak {
  readonly breakId: number
  readonly type: BreakType
  readonly orderId: string | null
  readonly partner: string | null
  readonly reference: string | null
  readonly statementId: number | null
  readonly lineNumber: number | null
  readonly rupiahAtRisk: string
  readonly gramsAtRisk: string
  readonly owner: string | null
  readonly openedAt: Date
  readonly dueAt: Date
  readonly overdue: boolean
  readonly proposedBy: string | null
}

/** A page of open breaks. */
export interface BreakFilter extends BreakSelection {
  readonly limit: number
  readonly skip: number
}

const FILTER = {
  type: nullable(openBreaks.type),
  kind: nullable(orders.kind),
  partner: nullable(type.text),
  owner: nullable(type.text),
  olderThan: nullable(type.integer),
  overdue: nullable(type.boolean),
}

const kindOfBreak = sql`coalesce((select ${orders.kind} from ${orders} where ${orders.id} = ${openBreaks.orderId}),
  ${openBreaks.difference} #>> '{theirs,kind}')`

const matches = (filter: { readonly [Key in keyof typeof FILTER]: SQL }) =>
  and(
    or(isNull(filter.type), eq(openBreaks.type, filter.type)),
    or(isNull(filter.kind), eq(kindOfBreak, filter.kind)),
    or(isNull(filter.partner), eq(openBreaks.partner, filter.partner)),
    or(isNull(filter.owner), eq(openBreaks.owner, filter.owner)),
    or(
      isNull(filter.olderThan),
      lt(openBreaks.openedAt, sql`now() - ${filter.olderThan} * interval '1 day'`),
    ),
    or(isNull(filter.overdue), eq(openBreaks.overdue, filter.overdue)),
  )

const selectOpenBreaks = statement(
  'list_breaks',
  { ...FILTER, limit: type.integer, skip: type.integer },
  (db, filter) =>
    db
      .select({
        breakId: openBreaks.breakId,
        type: openBreaks.type,
        orderId: openBreaks.orderId,
        partner: openBreaks.partner,
        reference: openBreaks.reference,
        statementId: openBreaks.statementId,
        lineNumber: openBreaks.lineNumber,
        rupiahAtRisk: openBreaks.rupiahAtRisk,
        gramsAtRisk: openBreaks.gramsAtRisk,
        owner: openBreaks.owner,
        openedAt: openBreaks.openedAt,
        dueAt: openBreaks.dueAt,
        overdue: openBreaks.overdue,
        proposedBy: openBreaks.proposedBy,
      })
      .from(openBreaks)
      .where(matches(filter))
      .orderBy(asc(openBreaks.dueAt), asc(openBreaks.breakId))
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('skip')),
)

/** Open breaks, the first due first. */
export async function listBreaks(runner: StatementRunner, filter: BreakFilter): Promise<OpenBreak[]> {
  return await selectOpenBreaks(runner, filter)
}

const countOpenBreaks = statement('count_breaks', FILTER, (db, filter) =>
  db.select({ count: sql<number>`count(*)::int` }).from(openBreaks).where(matches(filter)),
)

/** How many open breaks match a filter, regardless of its limit. */
export async function countBreaks(runner: StatementRunner, filter: BreakFilter): Promise<number> {
  const [row] = await countOpenBreaks(runner, filter)
  return row?.count ?? 0
}

const selectBreakSet = statement('read_break_set', FILTER, (db, filter) =>
  db
    .select({
      breakIds: sql<
        number[]
      >`coalesce(array_agg(${openBreaks.breakId} order by ${openBreaks.dueAt}, ${openBreaks.breakId}), '{}')`,
      rupiahAtRisk: sql<string>`coalesce(sum(${openBreaks.rupiahAtRisk}), 0)::text`,
      gramsAtRisk: sql<string>`coalesce(sum(${openBreaks.gramsAtRisk}), 0)::numeric(30, 4)::text`,
    })
    .from(openBreaks)
    .where(matches(filter)),
)

/** All open breaks of a selection, and what they put at risk, as they are at one moment. */
export interface BreakSet {
  /** The first due first. */
  readonly breakIds: readonly number[]
  readonly rupiahAtRisk: string
  readonly gramsAtRisk: string
}

export async function readBreakSet(runner: StatementRunner, selection: BreakSelection): Promise<BreakSet> {
  const [set] = await selectBreakSet(runner, selection)
  if (set === undefined) throw new Error('breaks without a sum')
  return set
}

/** A break, open or closed, with its history. */
export interface BreakStory {
  readonly breakId: number
  readonly type: BreakType
  readonly state: 'open' | 'closed'
  readonly reason: BreakReason
  readonly orderId: string | null
  readonly statement: string | null
  readonly rupiahAtRisk: string
  readonly gramsAtRisk: string
  readonly owner: string | null
  readonly dueAt: Date
  readonly difference: Readonly<Record<string, unknown>>
  readonly events: readonly {
    readonly at: Date
    readonly reason: BreakReason
    readonly actor: string
    readonly note: string | null
    readonly owner: string | null
  }[]
}

const selectBreak = statement('read_break', { breakId: breaks.id }, (db, { breakId }) =>
  db
    .select({
      breakId: breaks.id,
      type: breaks.type,
      state: breaks.state,
      reason: breaks.reason,
      orderId: breaks.orderId,
      statement: sql<string | null>`case when ${statements.id} is not null
        then format('line %s of statement %s (%s)', ${breaks.lineNumber}, ${breaks.statementId}, ${statements.fileName}) end`,
      rupiahAtRisk: sql<string>`${breaks.rupiahAtRisk}::text`,
      gramsAtRisk: sql<string>`${breaks.gramsAtRisk}::text`,
      owner: breaks.owner,
      dueAt: breaks.dueAt,
      difference: breaks.difference,
    })
    .from(breaks)
    .leftJoin(statements, eq(statements.id, breaks.statementId))
    .where(eq(breaks.id, breakId)),
)

const selectBreakEvents = statement(
  'read_break_events',
  { breakId: breakEvents.breakId },
  (db, { breakId }) =>
    db
      .select({
        at: breakEvents.at,
        reason: breakEvents.reason,
        actor: breakEvents.actor,
        note: breakEvents.note,
        owner: breakEvents.owner,
      })
      .from(breakEvents)
      .where(eq(breakEvents.breakId, breakId))
      .orderBy(asc(breakEvents.id)),
)

/** Reads one break; null when there is none. */
export async function readBreak(runner: StatementRunner, breakId: number): Promise<BreakStory | null> {
  const [found] = await selectBreak(runner, { breakId })
  if (found === undefined) return null
  return { ...found, events: await selectBreakEvents(runner, { breakId }) }
}
