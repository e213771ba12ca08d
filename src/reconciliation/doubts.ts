import { and, eq, exists, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import { leaveDoubt } from '../orders/store/settlements.ts'
import type { Session } from '../postgres/session.ts'
import { columnName, type Queries, rows, statement } from '../postgres/statement.ts'
import { type DoubtFacts, distrustsOf, whyItStays } from './absence.ts'
import { readAbsenceFacts } from './absence-facts.ts'
import { insertAbsences, insertExecutions, LEARN_LOCKED_SIZE, LOCK_DOUBTS } from './doubt-evidence.ts'
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

/** What the evidence of this run says of each order, as settlements. */
function settlementsOf(db: Queries) {
  const { verdict, runId, rule, statementId, lineNumber, coveringStatements } = doubtEvidence
  const isExecuted = sql`${verdict} = 'succeeded'`
  return db
    .select({
      orderId: sql`${doubtEvidence.orderId}`.as('evidence_order_id'),
      seq: sql`null::int`.as('evidence_seq'),
      isExecuted: isExecuted.as('evidence_is_executed'),
      requestId: sql`${statementLines.requestId}`.as('evidence_request_id'),
      responseId: sql`${statementLines.responseId}`.as('evidence_response_id'),
      sessionId: sql`${statementLines.sessionId}`.as('evidence_session_id'),
      goldWeight: sql`${statementLines.goldWeight}`.as('evidence_gold_weight'),
      amount: sql`${statementLines.amount}`.as('evidence_amount'),
      fee: sql`${statementLines.fee}`.as('evidence_fee'),
      reason: sql`case when ${isExecuted} then 'found_in_statement' else 'not_executed' end`.as(
        'evidence_reason',
      ),
      actor: sql`${scope.actor}`.as('evidence_actor'),
      detail:
        sql`jsonb_strip_nulls(jsonb_build_object('run', ${runId}, 'rule', ${rule}, 'statement', ${statementId},
        'line', ${lineNumber}, 'covering_statements', to_jsonb(${coveringStatements})))`.as(
          'evidence_detail',
        ),
      message: sql`null::text`.as('evidence_message'),
      httpStatus: sql`null::int`.as('evidence_http_status'),
      reply: sql`null::text`.as('evidence_reply'),
    })
    .from(scope)
    .innerJoin(doubtEvidence, eq(runId, scope.runId))
    .leftJoin(
      statementLines,
      and(eq(statementLines.statementId, statementId), eq(statementLines.lineNumber, lineNumber)),
    )
    .as('evidence')
}

const settleByEvidence = statement('settle_doubts_by_evidence', {}, (db) =>
  leaveDoubt(db, settlementsOf(db), () => undefined),
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
  await session.run(LOCK_DOUBTS)
  await session.run(LEARN_LOCKED_SIZE)
  await insertExecutions(session, {})
  const facts = await readAbsenceFacts(session)
  const distrusts = new Map(facts.statements.map((each) => [each.statementId, distrustsOf(each)]))
  const looked = facts.doubts.map((doubt) => ({ doubt, reason: whyItStays(doubt, distrusts, checks) }))
  await insertAbsences(session, { absent: looked.filter(({ reason }) => reason === null).map(absence) })
  await settleByEvidence(session, {})
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
