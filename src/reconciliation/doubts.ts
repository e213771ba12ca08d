import { and, eq, exists, sql } from 'drizzle-orm'
import { attempts, orders } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import { columnName, rows, statement } from '../postgres/statement.ts'
import { type DoubtFacts, distrustsOf, whyItStays } from './absence.ts'
import { readAbsenceFacts } from './absence-facts.ts'
import { HOLD_DOUBTS, insertAbsences, insertExecutions, LEARN_HELD_SIZE } from './doubt-evidence.ts'
import { doubtEvidence, doubtStays } from './doubts-schema.ts'
import type { StayReason } from './enums.ts'
import { proposals } from './proposals-schema.ts'
import type { DistrustedStatement } from './run-counts.ts'
import { statementLines } from './statements/schema.ts'
import { scope } from './work-tables.ts'

export type { DistrustedStatement }

/**
 * Settles orders in doubt by what statements prove (I3). A match proves that an order was executed. That it was not
 * executed is proven only as `absence.ts` says. Every other order stays in doubt.
 */

// ended_at stays: it is when the send ended.
const settleAttempts = statement('settle_attempts_by_evidence', {}, (db) =>
  db
    .update(attempts)
    .set({
      outcome: sql`${doubtEvidence.verdict}`,
      requestId: sql`${statementLines.requestId}`,
      responseId: sql`${statementLines.responseId}`,
      sessionId: sql`${statementLines.sessionId}`,
      goldWeight: sql`${statementLines.goldWeight}`,
      amount: sql`${statementLines.amount}`,
      fee: sql`case ${doubtEvidence.verdict}
        when 'succeeded' then coalesce(${statementLines.fee}, ${attempts.quotedFee}) end`,
    })
    .from(scope)
    .innerJoin(doubtEvidence, eq(doubtEvidence.runId, scope.runId))
    .leftJoin(
      statementLines,
      and(
        eq(statementLines.statementId, doubtEvidence.statementId),
        eq(statementLines.lineNumber, doubtEvidence.lineNumber),
      ),
    )
    .where(and(eq(attempts.orderId, doubtEvidence.orderId), sql`${attempts.outcome} = 'in_doubt'`)),
)

const settleOrders = statement('settle_orders_by_evidence', {}, (db) =>
  db
    .update(orders)
    .set({
      state: sql`${doubtEvidence.verdict}`,
      reason: sql`case ${doubtEvidence.verdict} when 'succeeded' then 'found_in_statement' else 'not_executed' end`,
      actor: sql`${scope.actor}`,
      detail: sql`jsonb_strip_nulls(jsonb_build_object('run', ${doubtEvidence.runId}, 'rule', ${doubtEvidence.rule},
        'statement', ${doubtEvidence.statementId}, 'line', ${doubtEvidence.lineNumber},
        'covering_statements', to_jsonb(${doubtEvidence.coveringStatements})))`,
    })
    .from(scope)
    .innerJoin(doubtEvidence, eq(doubtEvidence.runId, scope.runId))
    .where(and(eq(orders.id, doubtEvidence.orderId), sql`${orders.state} = 'in_doubt'`)),
)

const STAYS = rows({ orderId: doubtStays.orderId, reason: doubtStays.reason })

const upsertStays = statement('note_why_doubts_stay', { stays: STAYS }, (db, { stays }) =>
  db
    .insert(doubtStays)
    .select(
      db
        .select({ orderId: stays.orderId, reason: stays.reason, runId: scope.runId })
        .from(scope)
        .crossJoin(stays),
    )
    .onConflictDoUpdate({
      target: doubtStays.orderId,
      set: {
        reason: sql`excluded.${columnName(doubtStays.reason)}`,
        runId: sql`excluded.${columnName(doubtStays.runId)}`,
      },
    }),
)

const deleteSettledStays = statement('forget_stays_of_settled_doubts', {}, (db) =>
  db.delete(doubtStays).where(
    exists(
      db
        .select({ found: sql`1` })
        .from(orders)
        .where(and(eq(orders.id, doubtStays.orderId), sql`${orders.state} <> 'in_doubt'`)),
    ),
  ),
)

// A proposal about an order that a statement or a late reply has settled needs no approval any more.
const declineSettled = statement('decline_proposals_of_settled_orders', {}, (db) =>
  db
    .update(proposals)
    .set({
      state: 'declined',
      decidedBy: sql`${scope.actor}`,
      decidedAt: sql`clock_timestamp()`,
      decisionNote: sql`format('the order is %s already (%s), run %s', ${orders.state}, ${orders.reason}, ${scope.runId})`,
    })
    .from(orders)
    .innerJoin(scope, sql`true`)
    .where(
      and(
        eq(proposals.orderId, orders.id),
        sql`${proposals.state} = 'open'`,
        sql`${orders.state} <> 'in_doubt'`,
      ),
    ),
)

/**
 * Settles what the matches of this scope and the complete statements prove. Matching must have run before.
 * @param checks see `whyItStays`
 * @returns the statements near doubts that prove nothing
 */
export async function settleDoubtsByStatements(
  session: Session,
  checks?: readonly StayReason[],
): Promise<DistrustedStatement[]> {
  await session.run(HOLD_DOUBTS)
  await session.run(LEARN_HELD_SIZE)
  await insertExecutions(session, {})
  const facts = await readAbsenceFacts(session)
  const distrusts = new Map(facts.statements.map((each) => [each.statementId, distrustsOf(each)]))
  const looked = facts.doubts.map((doubt) => ({ doubt, reason: whyItStays(doubt, distrusts, checks) }))
  await insertAbsences(session, { absent: looked.filter(({ reason }) => reason === null).map(absence) })
  await settleAttempts(session, {})
  await settleOrders(session, {})
  await upsertStays(session, { stays: looked.flatMap(stay) })
  await deleteSettledStays(session, {})
  await declineSettled(session, {})
  return facts.statements
    .map(({ statementId, lacking, shiftMinutes }) => {
      const because = distrusts.get(statementId) ?? []
      return { statementId, because, lacking, shiftMinutes }
    })
    .filter(({ because }) => because.length > 0)
}

interface LookedAt {
  readonly doubt: DoubtFacts
  readonly reason: StayReason | null
}

const absence = ({ doubt }: LookedAt) => ({
  orderId: doubt.orderId,
  covering: `{${doubt.coveringStatements.join(',')}}`,
})

const stay = ({ doubt, reason }: LookedAt) => (reason === null ? [] : [{ orderId: doubt.orderId, reason }])
