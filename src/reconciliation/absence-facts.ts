import { type SQL, sql } from 'drizzle-orm'
import { attempts } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { DoubtFacts, StatementFacts } from './absence.ts'
import {
  CREATE_TABLES,
  leftDoubts,
  NEAR,
  nearStatements,
  sources,
  speakingLines,
  witnesses,
} from './absence-tables.ts'
import { statementMatches } from './runs-schema.ts'
import { readStatementFacts } from './statement-facts.ts'
import { currentStatementLines, statementLines } from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { attempt, line, match } from './work-tables.ts'

/** Whether the statements of every source cover a time. */
const everySource = (covers: SQL) => sql`
  EXISTS (SELECT 1 FROM ${sources}) AND NOT EXISTS (SELECT 1 FROM ${sources} WHERE NOT ${covers})`

/** Doubts with a fitting line in a statement about their time. */
const speaking = (fits: SQL) => sql`
  SELECT ${leftDoubts.orderId} FROM ${leftDoubts}
  WHERE EXISTS (SELECT 1 FROM ${speakingLines} WHERE ${fits} AND ${speakingLines.about} && ${leftDoubts.surely})`

const inTime = (of: typeof line | typeof speakingLines) =>
  sql`${of.executedAt} <= ${leftDoubts.sentTo} AND coalesce(${of.executedTo}, ${of.executedAt}) >= ${leftDoubts.sentFrom}`

// Weight and amount are not compared: a line that differs in them may still be the execution.
const CANDIDATES = sql`
  ${speaking(sql`${speakingLines.kind} = ${leftDoubts.kind} AND ${speakingLines.wallet} = ${leftDoubts.wallet} AND ${inTime(speakingLines)}`)}
  UNION
  SELECT ${leftDoubts.orderId} FROM ${leftDoubts}
  JOIN ${currentStatementLines} ${line} ON ${line.requestId} = ${leftDoubts.quoteId} AND ${line.executedAt} >= ${leftDoubts.sentFrom} - ${NEAR}
  WHERE NOT EXISTS (SELECT 1 FROM ${statementMatches} ${match}
    WHERE ${match.statementId} = ${line.statementId} AND ${match.lineNumber} = ${line.lineNumber} AND (${match.orderId}, ${match.seq}) <> (${leftDoubts.orderId}, ${leftDoubts.seq}))`

const OF_WALLET = sql`
  ${speaking(sql`${speakingLines.wallet} = ${leftDoubts.wallet}`)}
  UNION ${speaking(sql`${speakingLines.wallet} = ${leftDoubts.recipient}`)}
  UNION ${speaking(sql`length(${speakingLines.wallet}) < 9 AND may_be_wallet(${speakingLines.phoneNumber}, ${leftDoubts.phoneNumber})`)}`

const OF_WEIGHT = speaking(
  sql`${speakingLines.kind} = ${leftDoubts.kind} AND ${speakingLines.goldWeight} = ${leftDoubts.goldWeight}`,
)
const OF_AMOUNT = speaking(
  sql`${speakingLines.kind} = ${leftDoubts.kind} AND ${speakingLines.amount} = ${leftDoubts.amount}`,
)

// A truncated request_id may equal another order's whole one, and the line of an attempt that was not executed may belong
// to any order.
const UNCLEAR_MATCHES = sql`
  SELECT DISTINCT ${leftDoubts.orderId} FROM ${leftDoubts}
  JOIN ${nearStatements} ON true
  JOIN ${statementMatches} ${match} ON ${match.statementId} = ${nearStatements.id} AND ${match.current} AND ${match.rule} <> 'session_id' AND ${match.orderId} <> ${leftDoubts.orderId}
  JOIN ${statementLines} ${line} ON ${line.statementId} = ${match.statementId} AND ${line.lineNumber} = ${match.lineNumber}
    AND ${line.kind} = ${leftDoubts.kind} AND wallet_tail(${line.phoneNumber}) = ${leftDoubts.wallet} AND (${line.goldWeight} = ${leftDoubts.goldWeight} OR ${line.amount} = ${leftDoubts.amount})
  JOIN ${attempts} ${attempt} ON ${attempt.orderId} = ${match.orderId} AND ${attempt.seq} = ${match.seq}
  WHERE ${inTime(line)} AND (${match.rule} = 'terms' OR (${match.differs} AND ${attempt.outcome} NOT IN ('succeeded', 'in_doubt'))
    OR (${line.requestId} <> ${leftDoubts.quoteId} AND (starts_with(${leftDoubts.quoteId}, ${line.requestId}) OR right(${leftDoubts.quoteId}, length(${line.requestId})) = ${line.requestId})))`

/** Sources without a line of a known order near the doubt. */
const unwitnessed = (more: SQL) => sql`
  SELECT 1 FROM ${sources} WHERE NOT EXISTS (
    SELECT 1 FROM ${witnesses} WHERE ${witnesses.source} = ${sources.source} AND ${witnesses.at} + interval '1 hour' > lower(${leftDoubts.surely}) - ${NEAR}
      AND ${witnesses.at} < upper(${leftDoubts.surely}) + ${NEAR} ${more})`

const READ_DOUBTS = workStatement(
  'read_doubt_facts',
  sql`
    WITH candidates AS (${CANDIDATES}), of_wallet AS (${OF_WALLET}), of_weight AS (${OF_WEIGHT}),
      of_amount AS (${OF_AMOUNT}), unclear AS (${UNCLEAR_MATCHES})
    SELECT ${leftDoubts.orderId} AS "orderId",
      ${everySource(sql`${sources.complete} @> ${leftDoubts.send}`)} AS "isCovered",
      ${everySource(sql`${sources.approved} @> ${leftDoubts.send}`)} AS "isApproved",
      ${everySource(sql`${sources.approved} @> ${leftDoubts.surely}`)} AS "isLagApproved",
      ARRAY(SELECT ${nearStatements.id} FROM ${nearStatements} WHERE ${nearStatements.complete} AND ${nearStatements.period} && ${leftDoubts.surely} ORDER BY ${nearStatements.id}) AS statements,
      ARRAY(SELECT ${nearStatements.id} FROM ${nearStatements} WHERE ${nearStatements.approved} AND ${nearStatements.period} && ${leftDoubts.surely} ORDER BY ${nearStatements.id}) AS "coveringStatements",
      NOT EXISTS (${unwitnessed(sql``)}) AS "hasWitness",
      NOT EXISTS (${unwitnessed(sql`AND ${witnesses.kind} = ${leftDoubts.kind}`)} AND EXISTS (SELECT 1 FROM ${nearStatements}
        WHERE ${nearStatements.source} = ${sources.source} AND ${nearStatements.period} && ${leftDoubts.surely} AND ${nearStatements.ignoredCount} > 0)) AS "hasWitnessOfKind",
      EXISTS (SELECT 1 FROM candidates x WHERE x.order_id = ${leftDoubts.orderId}) AS "hasCandidate",
      EXISTS (SELECT 1 FROM of_wallet x WHERE x.order_id = ${leftDoubts.orderId}) AS "hasLineOfWallet",
      EXISTS (SELECT 1 FROM of_weight x WHERE x.order_id = ${leftDoubts.orderId}) AS "hasLineOfWeight",
      EXISTS (SELECT 1 FROM of_amount x WHERE x.order_id = ${leftDoubts.orderId}) AS "hasLineOfAmount",
      EXISTS (SELECT 1 FROM unclear x WHERE x.order_id = ${leftDoubts.orderId}) AS "hasUnclearMatch",
      EXISTS (SELECT 1 FROM ${nearStatements} WHERE ${nearStatements.period} && ${leftDoubts.surely} AND ${nearStatements.badLineCount} > 0) AS "hasUnreadableLine"
    FROM ${leftDoubts} ORDER BY ${leftDoubts.orderId}`,
)

/** Reads the facts about the doubts that no match settled, and about the complete statements near them. */
export async function readAbsenceFacts(
  session: Session,
): Promise<{ statements: StatementFacts[]; doubts: DoubtFacts[] }> {
  for (const create of CREATE_TABLES) await session.run(create)
  const statements = await readStatementFacts(session)
  return { statements, doubts: await session.run<DoubtFacts>(READ_DOUBTS) }
}
