import type { Readable } from 'node:stream'
import { Readable as Source } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Period } from '../../core/business-days.ts'
import { formatPeriod, wholeDays } from '../../core/business-days.ts'
import { type OnBytes, readRecords } from '../../csv/records.ts'
import { StorageError } from '../../postgres/pool.ts'
import type { Session } from '../../postgres/session.ts'
import { insertProposal } from '../proposals.ts'
import { takeTurns } from '../scope.ts'
import { COPY_LINES } from './copy-lines.ts'
import type { IgnoredRows } from './ignored-rows.ts'
import type { BadLine } from './line.ts'
import { readMapping, type StoredMapping } from './mappings.ts'
import { copyText, newTally } from './read-file.ts'
import { insertRepeatedLines } from './repeats.ts'
import { refuseShifted } from './shift.ts'
import { StatementRefused } from './statement-refused.ts'
import {
  findEarlier,
  insertStatement,
  isApprovedComplete,
  linesSpan,
  type NewStatement,
  replaceStatements,
  reserveStatementId,
} from './store.ts'

/** What a file is said to be. */
export interface ImportRequest {
  readonly fileName: string
  /** Whose statements these are; absence is proven only when every source covers the time. */
  readonly source: string
  /** Null: the days from the first to the last line. */
  readonly period: Period | null
  /**
   * It is said to have every transaction of its period. Only then can it prove that something did not happen, and only
   * once another person has approved that, or two trust its source.
   */
  readonly complete: boolean
  readonly mapping: string
  /** Lines that cannot be read: `refuse` imports nothing, `skip` sets them aside. */
  readonly badLines: 'refuse' | 'skip'
  /** It takes the place of the statement with the same content or the same period. */
  readonly replace: boolean
  /** Does everything and keeps nothing. */
  readonly dryRun: boolean
  readonly by: string
  readonly nowMs: number
}

/** What became of a file. */
export type ImportResult =
  | ({ readonly is: 'imported' | 'dry_run' } & Imported)
  | { readonly is: 'refused'; readonly badLines: readonly BadLine[]; readonly badLineCount: number }

export interface Imported {
  readonly statementId: number
  readonly period: Period
  readonly lineCount: number
  /** Rows that are no transactions, by what says so. */
  readonly ignored: IgnoredRows
  readonly badLines: readonly BadLine[]
  /** Lines that earlier statements have too: they count once. */
  readonly repeatCount: number
  readonly replaced: readonly number[]
  /** It is said to be complete, and another person has to approve that. */
  readonly toApprove: boolean
}

/**
 * Imports a statement in one transaction: an import that is cut off has left nothing, whatever cut it off.
 * @param bytes the file, gzipped or not
 * @throws StatementRefused or FileRefused with what to do; StorageError
 */
export async function importStatement(
  session: Session,
  bytes: Readable,
  request: ImportRequest,
  onBytes?: OnBytes,
): Promise<ImportResult> {
  refuseTooEarly(request)
  const mapping = await readMapping(session, request.mapping)
  try {
    return await session.transaction(async () => {
      const result = await importInTransaction(session, bytes, request, mapping, onBytes)
      if (result.is !== 'imported') throw new NotKept(result)
      return result
    })
  } catch (error) {
    if (error instanceof NotKept) return error.result
    throw error
  }
}

/** Thrown to roll back; never seen by a caller. */
class NotKept extends Error {
  readonly result: ImportResult

  constructor(result: ImportResult) {
    super('not kept')
    this.result = result
  }
}

function refuseTooEarly({ complete, period, nowMs }: ImportRequest): void {
  if (complete && period === null)
    throw new StatementRefused('a complete statement says for which time: add --period')
  if (complete && period !== null && period.to.getTime() > nowMs)
    throw new StatementRefused(
      `a statement is complete only for a time that is over; this one is about ${formatPeriod(period)}`,
    )
}

async function importInTransaction(
  session: Session,
  bytes: Readable,
  request: ImportRequest,
  { name, version, mapping }: StoredMapping,
  onBytes?: OnBytes,
): Promise<ImportResult> {
  const statementId = await reserveStatementId(session)
  const records = readRecords(bytes, mapping, onBytes)
  const tally = newTally()
  await copyLines(session, copyText(records, statementId, mapping, request, tally))
  const { badLines, lineCount, ignored } = tally
  if (badLines.length > 0 && request.badLines === 'refuse')
    return { is: 'refused', badLines, badLineCount: badLines.length }
  if (badLines.length > 0 && request.complete)
    throw new StatementRefused(
      `${badLines.length} lines cannot be read, so the statement cannot be complete: mend them, or leave --complete out`,
    )
  if (mapping.trailer !== null && ignored.trailer === 0 && request.complete)
    throw new StatementRefused(
      `the file does not end with a trailer (${mapping.trailer.column}: ${mapping.trailer.values.join(', ')}), so it may be cut off and cannot be complete: get the whole file, or leave --complete out`,
    )
  await refuseShifted(session, statementId, { name, mapping })
  const period = request.period ?? (await periodOfLines(session, statementId))
  const statement: NewStatement = {
    ...{ statementId, period, lineCount, badLines, ignored, contentHash: records.contentHash() },
    ...{ source: request.source, complete: request.complete, fileName: request.fileName, by: request.by },
    ...{ mappingName: name, mappingVersion: version },
  }
  // From here on other imports and runs wait: each sees the others' work whole.
  await takeTurns(session)
  const replaced = await replaceOrRefuse(session, statement, request.replace)
  await insertStatement(session, statement)
  const toApprove = request.complete && (await proposeComplete(session, statementId, request.by))
  const repeatCount = await insertRepeatedLines(session, statementId)
  const is = request.dryRun ? 'dry_run' : 'imported'
  return { is, statementId, period, lineCount, ignored, badLines, repeatCount, replaced, toApprove }
}

/**
 * Whoever imports a statement as complete proposes it: its silence counts once another person has approved.
 * @returns whether it waits for that: a trusted source's does not
 */
async function proposeComplete(session: Session, statementId: number, by: string): Promise<boolean> {
  if (by.trim() === '') throw new StatementRefused('say who imports it: the name is empty')
  const person = { by, note: 'imported with --complete' }
  const facts = { evidence: null, executed: null }
  await insertProposal(session, { is: 'statement', statementId }, 'statement_complete', person, facts)
  return !(await isApprovedComplete(session, statementId))
}

async function copyLines(session: Session, text: AsyncGenerator<string>): Promise<void> {
  try {
    await pipeline(Source.from(text), session.client.query(copyFrom(COPY_LINES)))
  } catch (error) {
    if (error instanceof StatementRefused || !isFromPostgres(error)) throw error
    // The server's words would quote the line.
    throw new StorageError('copy_lines', error)
  }
}

function isFromPostgres(error: unknown): boolean {
  return error instanceof Error && 'severity' in error
}

async function periodOfLines(session: Session, statementId: number): Promise<Period> {
  const span = await linesSpan(session, statementId)
  if (span === null)
    throw new StatementRefused('a statement without lines does not tell its period: add --period')
  return wholeDays(span.first, span.last)
}

/** @returns the statements replaced */
async function replaceOrRefuse(
  session: Session,
  statement: NewStatement,
  replace: boolean,
): Promise<number[]> {
  const earlier = await findEarlier(session, statement)
  const sameFile = earlier.find(({ isSameFile }) => isSameFile)
  if (!replace && sameFile !== undefined)
    throw new StatementRefused(
      `this file is imported already: it is statement ${sameFile.statementId} (${sameFile.fileName}); --replace imports it again and keeps the old version`,
    )
  if (!replace) return []
  if (earlier.length === 0)
    throw new StatementRefused(
      'there is nothing to replace: no statement of this source has this content or exactly this period',
    )
  const replaced = earlier.map(({ statementId }) => statementId)
  await replaceStatements(session, replaced, statement.statementId)
  return replaced
}
