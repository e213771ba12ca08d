import { maskNumbersIn, maskPhoneNumbersIn } from '../../core/masking.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import { type BadRow, Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import type { Upload } from '../../http/uploads.ts'
import { type Actor, NotProven, sessionOf } from '../../operators/acting.ts'
import { StorageError } from '../../postgres/storage-error.ts'
import type { RunResult } from '../run.ts'
import { reconcileAll } from '../run-all.ts'
import { type Imported, importStatement } from '../statements/import.ts'
import type { BadLine } from '../statements/line.ts'
import { InvalidMappingError } from '../statements/mapping.ts'
import { AlreadyImported, StatementRefused } from '../statements/statement-refused.ts'
import type { StatementQuery } from './statement-schemas.ts'

declare module '../../http/route.ts' {
  interface ApiDeps {
    /** `RECON_LAG_MINUTES`, in milliseconds. */
    readonly reconLagMs: number
  }
}

/** The most bad lines that a refusal names. */
const NAMED_LINES = 100

/** Imports a statement in an operator's name, reconciles, and answers with what changed. @throws Problem */
export async function importUpload(query: StatementQuery, upload: Upload, call: Call): Promise<Answer> {
  const actor = actorOf(call)
  const isDryRun = query.dry_run === 'true'
  const imported = await orRefused(importAs(actor, query, upload, call))
  if (isDryRun || query.import_only === 'true')
    return { status: isDryRun ? 200 : 201, body: answerOf(imported, isDryRun, 'not_asked', null) }
  const run = await reconciled(actor, call)
  return { status: 201, body: answerOf(imported, false, run === null ? 'failed' : 'done', run) }
}

/** The operator, proven by the token in every transaction. */
function actorOf({ caller }: Call): Actor {
  const { operator, credential } = caller
  if (operator === undefined || credential === undefined) throw new Error('a caller who is no operator')
  return { by: operator, credential, command: 'recon import' }
}

async function importAs(actor: Actor, query: StatementQuery, upload: Upload, call: Call): Promise<Imported> {
  const { mapping = 'sandbox', source = 'gateway', period = null, file_name = 'sent over HTTP' } = query
  const request = {
    ...{ mapping, source, period, fileName: maskNumbersIn(file_name), by: actor.by, nowMs: call.now() },
    complete: query.complete === 'true',
    replace: query.replace === 'true',
    dryRun: query.dry_run === 'true',
    badLines: 'refuse',
  } as const
  const result = await call.inSession((session) =>
    importStatement(sessionOf(session, actor), upload.read(), request),
  )
  if (result.is !== 'refused') return result
  throw new Problem('statement_refused', {
    detail: `${result.badLineCount} lines cannot be read`,
    problems: result.badLines.slice(0, NAMED_LINES).map(badRowOf),
  })
}

/** The row is the line: nothing above it is left out. Values are never shown. */
function badRowOf({ lineNumber, column, problem }: BadLine): BadRow {
  return { row: lineNumber, line: lineNumber, column, value: '', expected: maskPhoneNumbersIn(problem) }
}

async function orRefused(importing: Promise<Imported>): Promise<Imported> {
  try {
    return await importing
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const detail = maskPhoneNumbersIn(error.message)
    if (error instanceof AlreadyImported) throw new Problem('statement_known', { detail })
    if (error instanceof NotProven) throw new Problem('role_missing', { detail })
    const isOfFile =
      error instanceof StatementRefused ||
      error instanceof FileRefused ||
      error instanceof InvalidMappingError
    throw isOfFile ? new Problem('statement_refused', { detail }) : error
  }
}

/** Null when it failed: the statement is stored all the same, and its sender must not send it again. */
async function reconciled(
  actor: Actor,
  { inSession, reconLagMs: lagMs, log }: Call,
): Promise<RunResult | null> {
  try {
    return await inSession((session) => reconcileAll(sessionOf(session, actor), { by: actor.by, lagMs }))
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof Problem)) throw error
    log.warn({ err: error }, 'a statement was imported, and reconciling failed: run it again')
    return null
  }
}

type Reconciliation = 'done' | 'not_asked' | 'failed'

function answerOf(
  imported: Imported,
  isDryRun: boolean,
  reconciliation: Reconciliation,
  run: RunResult | null,
) {
  const { statementId, period, lineCount, ignored, repeatCount, replaced, toApprove } = imported
  return {
    statement_id: isDryRun ? null : statementId,
    period: { from: period.from.toISOString(), to: period.to.toISOString() },
    lines: lineCount,
    ignored,
    repeated: repeatCount,
    replaced,
    to_approve: toApprove,
    reconciliation,
    run: run === null ? null : runAnswerOf(run),
  }
}

function runAnswerOf({ runId, counts }: RunResult) {
  return {
    run_id: runId,
    matched: counts.matched,
    unmatched_lines: counts.unmatchedLines,
    settled: counts.settled,
    still_in_doubt: counts.stayInDoubt,
    opened: counts.opened,
    reopened: counts.reopened,
    explained: counts.explained,
    open_breaks: counts.openBreaks,
  }
}
