import { and, eq, isNull, sql } from 'drizzle-orm'
import { orderEvents, orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import type { Subject } from './proposal-facts.ts'
import { statements } from './statements/schema.ts'
import { standingProposals } from './views-schema.ts'

/** What a person sees of the thing that a proposal is about, field by field, as JSON keeps it. */
export type SeenOfSubject = Readonly<Record<string, unknown>>

const readOrder = statement('read_proposed_order', { id: orders.id }, (db, { id }) =>
  db
    .select({
      state: orders.state,
      reason: orders.reason,
      changes: sql<number>`(select count(*)::int from ${orderEvents} where ${orderEvents.orderId} = ${id})`,
    })
    .from(orders)
    .where(eq(orders.id, id)),
)

const readBreak = statement('read_proposed_break', { id: breaks.id }, (db, { id }) =>
  db
    .select({
      state: breaks.state,
      reason: breaks.reason,
      type: breaks.type,
      rupiahAtRisk: sql<string>`${breaks.rupiahAtRisk}::text`,
      gramsAtRisk: sql<string>`${breaks.gramsAtRisk}::text`,
      difference: breaks.difference,
    })
    .from(breaks)
    .where(eq(breaks.id, id)),
)

const readStatement = statement('read_proposed_statement', { id: statements.id }, (db, { id }) =>
  db
    .select({
      complete: statements.complete,
      contentHash: statements.contentHash,
      lineCount: statements.lineCount,
      badLineCount: statements.badLineCount,
      replacedBy: statements.replacedBy,
    })
    .from(statements)
    .where(eq(statements.id, id)),
)

/** The statements of a source that count, and whether two people trust its word already. */
const readSource = statement('read_proposed_source', { source: statements.source }, (db, { source }) =>
  db
    .select({
      statements: sql<number>`count(*)::int`,
      complete: sql<number>`(count(*) filter (where ${statements.complete}))::int`,
      lines: sql<number>`coalesce(sum(${statements.lineCount}), 0)::float8`,
      badLines: sql<number>`coalesce(sum(${statements.badLineCount}), 0)::float8`,
      coveredUntil: sql<
        string | null
      >`to_char(max(${statements.periodTo}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')`,
      isTrusted: sql<boolean>`exists (select 1 from ${standingProposals}
        where ${standingProposals.decision} = 'source_trusted' and ${standingProposals.source} = ${source})`,
    })
    .from(statements)
    .where(and(eq(statements.source, source), isNull(statements.replacedAt))),
)

/** The lag that two people approved last; null when the default applies. */
const readLag = statement('read_proposed_lag', {}, (db) =>
  db
    .select({
      approvedMinutes: sql<number | null>`(extract(epoch from approved_lag()) / 60)::int`,
    })
    .from(sql`(select 1) one`),
)

/** What there is to see of a subject now; null when it is not there. */
export async function readSubjectNow(
  runner: StatementRunner,
  subject: Subject,
): Promise<SeenOfSubject | null> {
  switch (subject.is) {
    case 'order':
      return (await readOrder(runner, { id: subject.orderId }))[0] ?? null
    case 'break':
      return (await readBreak(runner, { id: subject.breakId }))[0] ?? null
    case 'statement':
      return (await readStatement(runner, { id: subject.statementId }))[0] ?? null
    case 'source':
      return (await readSource(runner, { source: subject.source }))[0] ?? null
    case 'lag':
      return (await readLag(runner, {}))[0] ?? null
  }
}
