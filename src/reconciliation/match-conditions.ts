import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { attempts } from '../orders/schema.ts'
import { columnName } from '../postgres/statement.ts'
import type { MatchRule } from './enums.ts'
import { statementMatches } from './runs-schema.ts'
import { attempt, LATEST, line, match, scope } from './work-tables.ts'

/** The conditions that the rules of matching share, about `line`, `attempt` and `scope`. */

/**
 * Whether anything is unequal, so that few matches are compared again. Attempts that did not succeed always are. Wallets of
 * both have their one stored form: a check of their tables holds it.
 */
export const DIFFERS = sql`
  ${attempt.outcome} <> 'succeeded'
  OR ${line.goldWeight} <> ${attempt.goldWeight} OR ${line.amount} <> ${attempt.amount} OR coalesce(${line.fee} <> ${attempt.fee}, false)
  OR ${line.kind} <> ${attempt.kind} OR ${line.phoneNumber} <> ${attempt.phoneNumber}
  OR ${LATEST} < ${attempt.intentAt} - ${scope.slack} OR ${line.executedAt} > ${attempt.endedAt} + ${scope.slack}`

const { statementId, lineNumber, orderId, seq, rule, differs, runId } = statementMatches
const COLUMNS = sql.join(
  [statementId, lineNumber, orderId, seq, rule, differs, runId].map(columnName),
  sql`, `,
)
export const INSERT = sql`INSERT INTO ${statementMatches} (${COLUMNS})`

/** The columns of a new match of `line` with `attempt`. */
export const matchBy = (name: MatchRule) =>
  sql`SELECT ${line.statementId}, ${line.lineNumber}, ${attempt.orderId}, ${attempt.seq}, ${sql.raw(`'${name}'`)}, ${DIFFERS}, ${scope.runId}`

export const UNMATCHED_LINE = sql`NOT EXISTS (
  SELECT 1 FROM ${statementMatches} ${match} WHERE ${match.statementId} = ${line.statementId} AND ${match.lineNumber} = ${line.lineNumber})`

export const UNMATCHED_ATTEMPT = sql`NOT EXISTS (
  SELECT 1 FROM ${statementMatches} ${match} WHERE ${match.orderId} = ${attempt.orderId} AND ${match.seq} = ${attempt.seq} AND ${match.current})`

/** An id that both sides have must be equal. */
export const agree = (id: 'sessionId' | 'responseId') => sql`coalesce(${line[id]} = ${attempt[id]}, true)`

const other = alias(attempts, 'other')

/** A transaction with the session_id of an order belongs to no other order, whatever its other ids. */
export const NOT_ANOTHERS = sql`NOT EXISTS (
  SELECT 1 FROM ${attempts} ${other} WHERE ${other.sessionId} = ${line.sessionId}
    AND (${other.orderId}, ${other.seq}) <> (${attempt.orderId}, ${attempt.seq}))`

/** A bound of the run, computed once and not for each row. */
const bound = (value: SQL) => sql`(SELECT ${value} FROM ${scope})`

export const LINE_IN_PERIOD = sql`
  ${line.executedAt} >= ${bound(sql`${scope.periodFrom}`)} AND ${line.executedAt} < ${bound(sql`${scope.periodTo}`)}`

/** The gateway may execute within the period what was sent before it. */
export const ATTEMPT_IN_PERIOD = sql`
  ${attempt.intentAt} >= ${bound(sql`${scope.periodFrom} - ${scope.slack} - ${scope.lag} - interval '1 hour'`)}
  AND ${attempt.intentAt} < ${bound(sql`${scope.periodTo} + ${scope.slack}`)}`
