import type { Readable } from 'node:stream'
import { Readable as Source } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Period } from '../../core/business-days.ts'
import { formatPeriod, wholeDays } from '../../core/business-days.ts'
import type { OnBytes } from '../../csv/open-csv.ts'
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
import { replaceOrRefuse } from './replacement.ts'
import { refuseShifted } from './shift.ts'
import { statementRecords } from './statement-records.ts'
import { StatementRefused } from './statement-refused.ts'
import {
  insertStatement,
  isApprovedComplete,
  linesSpan,
  type NewStatement,
  reserveStatementId,
} from './store.ts'

/** A file to import, as its sender and its importer declare it. */
export interface ImportRequest {
  readonly fileName: string
  /** The sender of the statement. Absence is proven only when the statements of every source cover the time. */
  readonly source: string
  /** Null: the days from the first to the last line. */
  readonly period: Period | null
  /**
   * The file is declared to have every transaction of its period. Only a complete statement can prove an absence, and only
   * once another person has approved that it is complete, or two people trust its source.
   */
  readonly complete: boolean
  readonly mapping: string
  /** What to do with lines that cannot be read: `refuse` imports nothing, `skip` sets them aside. */
  readonly badLines: 'refuse' | 'skip'
  /** Replaces the statement with the same content or the same period. */
  readonly replace: boolean
  /** Does everything, then rolls back. */
  readonly dryRun: boolean
  readonly by: string
  readonly nowMs: number
}

/** The result of an import. */
export type ImportResult =
  | ({ readonly is: 'imported' | 'dry_run' } & Imported)
  | { readonly is: 'refused'; readonly badLines: readonly BadLine[]; readonly badLineCount: number }

export interface Imported {
  readonly statementId: number
  readonly period: Period
  readonly lineCount: number
  /** Rows that are not transactions, by the rule that says so. */
  readonly ignored: IgnoredRows
  readonly badLines: readonly BadLine[]
  /** Lines that earlier statements have too. They count once. */
  readonly repeatCount: number
  readonly replaced: readonly number[]
  /** The statement is declared complete, and another person must approve that. */
  readonly toApprove: boolean
}

/**
 * Imports a statement in one transaction: an interrupted import leaves nothing.
 * @param bytes the file: CSV, gzipped or not, or a workbook (.xlsx)
 * @throws StatementRefused or FileRefused, whose messages say what to do; StorageError
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

/** Thrown to roll back. No caller receives it. */
class NotKept extends Error {
  readonly result: ImportResult

  constructor(result: ImportResult) {
    super('not kept')
    this.result = result
  }
}

function refuseTooEarly({ complete, period, nowMs }: ImportRequest): void {
  if (complete && period === null)
    throw new StatementRefused('a complete statement needs its period: add --period')
  if (complete && period !== null && period.to.getTime() > nowMs)
    throw new StatementRefused(
      `a statement is complete only for a time that is over; this one is about ${formatPeriod(period)}`,
    )
}

// Compiling a statement would take longer than all statements of a small import.
const DO_NOT_COMPILE = { name: 'do_not_compile', text: 'SET LOCAL jit = off' }

async function importInTransaction(
  session: Session,
  bytes: Readable,
  request: ImportRequest,
  { name, version, mapping }: StoredMapping,
  onBytes?: OnBytes,
): Promise<ImportResult> {
  await session.run(DO_NOT_COMPILE)
  const statementId = await reserveStatementId(session)
  const records = statementRecords(bytes, mapping, onBytes)
  const tally = newTally()
  await copyLines(session, copyText(records, statementId, mapping, request, tally))
  const { badLines, lineCount, ignored } = tally
  if (badLines.length > 0 && request.badLines === 'refuse')
    return { is: 'refused', badLines, badLineCount: badLines.length }
  if (badLines.length > 0 && request.complete)
    throw new StatementRefused(
      `${badLines.length} lines cannot be read, so the statement cannot be complete: correct them, or omit --complete`,
    )
  if (mapping.trailer !== null && ignored.trailer === 0 && request.complete)
    throw new StatementRefused(
      `the file does not end with a trailer (${mapping.trailer.column}: ${mapping.trailer.values.join(', ')}), so it may be cut off and cannot be complete: get the whole file, or omit --complete`,
    )
  await refuseShifted(session, statementId, { name, mapping })
  const period = request.period ?? (await periodOfLines(session, statementId))
  const statement: NewStatement = {
    statementId,
    source: request.source,
    period,
    complete: request.complete,
    contentHash: records.contentHash(),
    mappingName: name,
    mappingVersion: version,
    fileName: request.fileName,
    lineCount,
    badLines,
    ignored,
    by: request.by,
  }
  // Other imports and runs wait from here on: each sees the work of the others whole.
  await takeTurns(session)
  const replaced = await replaceOrRefuse(session, statement, request.replace)
  await insertStatement(session, statement)
  const toApprove = request.complete && (await proposeComplete(session, statementId, request.by))
  const repeatCount = await insertRepeatedLines(session, statementId)
  const is = request.dryRun ? 'dry_run' : 'imported'
  return { is, statementId, period, lineCount, ignored, badLines, repeatCount, replaced, toApprove }
}

/**
 * Proposes the statement as complete in the name of its importer. It proves absence once another person has approved.
 * @returns whether an approval is needed; it is not for a trusted source
 */
async function proposeComplete(session: Session, statementId: number, by: string): Promise<boolean> {
  if (by.trim() === '') throw new StatementRefused('the name of the importer is empty')
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
    // The server's message would quote the line.
    throw new StorageError('copy_lines', error)
  }
}

function isFromPostgres(error: unknown): boolean {
  return error instanceof Error && 'severity' in error
}

async function periodOfLines(session: Session, statementId: number): Promise<Period> {
  const span = await linesSpan(session, statementId)
  if (span === null)
    throw new StatementRefused('a statement without lines has no period of its own: add --period')
  return wholeDays(span.first, span.last)
}
