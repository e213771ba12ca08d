import type { StatementRunner } from '../postgres/pool.ts'
import type { BreakReason, BreakType } from './enums.ts'

/** A break as `ops.open_breaks` shows it. Grams are Postgres's four-decimal text, rupiah its digits. */
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

const IS_LISTED = `($1::text IS NULL OR type = $1) AND ($2::text IS NULL OR owner = $2) AND (NOT $3::bool OR overdue)`

const LIST_BREAKS = {
  name: 'list_breaks',
  text: `
    SELECT break_id AS "breakId", type, order_id AS "orderId", partner, reference, statement_id AS "statementId",
      line_number AS "lineNumber", rupiah_at_risk::text AS "rupiahAtRisk", grams_at_risk::text AS "gramsAtRisk", owner,
      opened_at AS "openedAt", due_at AS "dueAt", overdue, proposed_by AS "proposedBy"
    FROM ops.open_breaks
    WHERE ${IS_LISTED} ORDER BY due_at, break_id LIMIT $4 OFFSET $5`,
}

/** Which breaks to list; null does not narrow. */
export interface BreakFilter {
  readonly type: BreakType | null
  readonly owner: string | null
  readonly overdueOnly: boolean
  readonly limit: number
  /** The first so many are left out. */
  readonly skip: number
}

/** Open breaks, the first due first. */
export async function listBreaks(runner: StatementRunner, filter: BreakFilter): Promise<OpenBreak[]> {
  return await runner.run<OpenBreak>(LIST_BREAKS, [
    filter.type,
    filter.owner,
    filter.overdueOnly,
    filter.limit,
    filter.skip,
  ])
}

const COUNT_BREAKS = {
  name: 'count_breaks',
  text: `SELECT count(*)::int AS count FROM ops.open_breaks WHERE ${IS_LISTED}`,
}

/** How many open breaks a filter has, also beyond its limit. */
export async function countBreaks(runner: StatementRunner, filter: BreakFilter): Promise<number> {
  const { type, owner, overdueOnly } = filter
  const [row] = await runner.run<{ count: number }>(COUNT_BREAKS, [type, owner, overdueOnly])
  return row?.count ?? 0
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

const READ_BREAK = {
  name: 'read_break',
  text: `
    SELECT b.id AS "breakId", b.type, b.state, b.reason, b.order_id AS "orderId",
      CASE WHEN s.id IS NOT NULL
        THEN format('line %s of statement %s (%s)', b.line_number, b.statement_id, s.file_name) END AS statement,
      b.rupiah_at_risk::text AS "rupiahAtRisk", b.grams_at_risk::text AS "gramsAtRisk", b.owner, b.due_at AS "dueAt",
      b.difference
    FROM breaks b LEFT JOIN statements s ON s.id = b.statement_id WHERE b.id = $1`,
}

const READ_BREAK_EVENTS = {
  name: 'read_break_events',
  text: 'SELECT at, reason, actor, note, owner FROM break_events WHERE break_id = $1 ORDER BY id',
}

/** Reads one break; null when there is none. */
export async function readBreak(runner: StatementRunner, breakId: number): Promise<BreakStory | null> {
  const [row] = await runner.run<BreakStory>(READ_BREAK, [breakId])
  if (row === undefined) return null
  return { ...row, events: await runner.run(READ_BREAK_EVENTS, [breakId]) }
}
