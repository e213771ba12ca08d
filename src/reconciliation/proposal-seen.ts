import { eq, sql } from 'drizzle-orm'
import { orderEvents, orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import type { Subject } from './proposal-facts.ts'
import { statements } from './statements/schema.ts'

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

/** What there is to see of a subject now; null of a source and of the lag, which have nothing that changes beside them. */
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
    case 'lag':
      return null
  }
}
